"""Amazon S3, and whatever speaks it, through boto3."""
