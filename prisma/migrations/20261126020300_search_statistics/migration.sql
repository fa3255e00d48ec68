-- How common a text is, which the planner asks before it uses the new indexes.
ANALYZE "network_device", "customer";
