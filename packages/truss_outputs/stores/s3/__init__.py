"""S3, and every service that speaks S3: the scheme, both engines, and their errors."""
