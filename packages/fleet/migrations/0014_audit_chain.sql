ALTER TABLE "audit" ADD COLUMN "content" text;--> statement-breakpoint
ALTER TABLE "audit" ADD COLUMN "sequence" bigint;--> statement-breakpoint
ALTER TABLE "audit" ADD COLUMN "previous" text;--> statement-breakpoint
ALTER TABLE "audit" ADD COLUMN "hash" text;--> statement-breakpoint
CREATE UNIQUE INDEX "audit_sequence" ON "audit" USING btree ("tenant","sequence");--> statement-breakpoint
CREATE INDEX "audit_subject" ON "audit" USING btree ("tenant","subject","sequence");--> statement-breakpoint
-- Moments as exact as the API tells them, which is what entries are digested with.
UPDATE "audit" SET "at" = date_trunc('milliseconds', "at");--> statement-breakpoint
-- What an older version left has no digest yet; the next start gives it one.
ALTER TABLE "audit" ADD CONSTRAINT "audit_content" CHECK ("content" IS NOT NULL) NOT VALID;--> statement-breakpoint
CREATE FUNCTION audit_hash(previous text, sequence bigint, content text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT encode(sha256(convert_to(previous || E'\n' || sequence || E'\n' || content, 'UTF8')), 'hex')
$$;--> statement-breakpoint
-- One after the other for each tenant: the lock is held until the transaction has ended.
CREATE FUNCTION audit_append(entry bigint, of_tenant text, digest text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  last record;
  next bigint;
  before text;
BEGIN
  PERFORM pg_advisory_xact_lock(7547930, hashtext(of_tenant));
  SELECT "sequence", "hash" INTO last FROM "audit"
    WHERE "tenant" = of_tenant AND "sequence" IS NOT NULL ORDER BY "sequence" DESC LIMIT 1;
  next := coalesce(last.sequence, 0) + 1;
  before := coalesce(last.hash, repeat('0', 64));
  UPDATE "audit" SET "content" = digest, "sequence" = next, "previous" = before,
    "hash" = audit_hash(before, next, digest) WHERE "id" = entry;
END
$$;--> statement-breakpoint
CREATE FUNCTION audit_chain() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."sequence" IS NULL THEN
    PERFORM audit_append(NEW."id", NEW."tenant", NEW."content");
  ELSIF NEW."hash" IS DISTINCT FROM audit_hash(NEW."previous", NEW."sequence", NEW."content")
    OR NOT (NEW."sequence" = 1 AND NEW."previous" = repeat('0', 64) OR EXISTS (
      SELECT FROM "audit" WHERE "tenant" = NEW."tenant" AND "sequence" = NEW."sequence" - 1 AND "hash" = NEW."previous"
    )) THEN
    RAISE EXCEPTION 'entry % of the audit log of % does not follow the one before', NEW."sequence", NEW."tenant"
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END
$$;--> statement-breakpoint
-- At the end of the transaction, so that the lock is held for a moment only, and after every other lock: whoever waits
-- for it holds up nobody who has it. A restored entry comes with its place in the chain.
CREATE CONSTRAINT TRIGGER audit_chain AFTER INSERT ON "audit"
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_chain();--> statement-breakpoint
CREATE FUNCTION audit_refuse() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND TG_LEVEL = 'ROW' AND OLD."hash" IS NULL AND NEW."hash" IS NOT NULL
    AND (OLD."content" IS NULL OR OLD."content" = NEW."content")
    AND (NEW."id", NEW."tenant", NEW."at", NEW."actor", NEW."action", NEW."subject", NEW."details")
      = (OLD."id", OLD."tenant", OLD."at", OLD."actor", OLD."action", OLD."subject", OLD."details") THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the audit log is only added to; % is refused', TG_OP
    USING ERRCODE = 'integrity_constraint_violation';
END
$$;--> statement-breakpoint
CREATE TRIGGER audit_keep BEFORE UPDATE OR DELETE ON "audit"
FOR EACH ROW EXECUTE FUNCTION audit_refuse();--> statement-breakpoint
CREATE TRIGGER audit_keep_all BEFORE TRUNCATE ON "audit"
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
