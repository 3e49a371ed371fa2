CREATE TABLE "login_refusals" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"subject" text NOT NULL,
	"address" text NOT NULL,
	"name" text,
	"counts" jsonb NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"last_at" timestamp with time zone NOT NULL,
	CONSTRAINT "login_refusals_tenant_subject_address_pk" PRIMARY KEY("tenant","subject","address")
);
--> statement-breakpoint
ALTER TABLE "login_refusals" ADD CONSTRAINT "login_refusals_tenant_tenants_id_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "login_refusals_since" ON "login_refusals" USING btree ("since");--> statement-breakpoint
CREATE INDEX "audit_deleted_users" ON "audit" USING btree ("tenant",("details" ->> 'name')) WHERE "audit"."action" = 'user.delete';