"""The rules, by topic. The band of an id is its topic: CMG1xx azure, 2xx certificates, 3xx gateways, and so on."""
