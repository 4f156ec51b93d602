"""Jobs: work that outlives the request that asked for it. Nothing here awaits."""
