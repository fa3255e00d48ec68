-- Whether a customer is below another in the reseller tree, or that one itself, by what is committed when it is asked. A
-- statement that has waited for a row sees the tree as it was before it waited; a volatile function does not.
CREATE FUNCTION "customer_is_below"("customer" text, "ancestor" text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM "customer" c WHERE c."id" = "customer" AND "ancestor" = ANY (c."ancestor_ids"));
END $$;
