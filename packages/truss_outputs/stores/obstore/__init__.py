"""obstore, the fast engine, for a bucket of any provider. Providers bring their own connections."""
