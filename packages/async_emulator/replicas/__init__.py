"""Model servers as processes: started, kept running, scaled."""
