"""What messages, records and exceptions may show: never a secret, in whatever form it comes."""
