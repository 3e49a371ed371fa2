CREATE FUNCTION "version_order"("version" text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT (
		SELECT string_agg(lpad(length(ltrim(part, '0'))::text, 2, '0') || ltrim(part, '0'), '' ORDER BY n)
		FROM unnest(string_to_array(split_part(split_part(version, '+', 1), '-', 1), '.')) WITH ORDINALITY AS core(part, n)
	) || CASE WHEN position('-' IN split_part(version, '+', 1)) = 0 THEN '~' ELSE '-' || (
		SELECT string_agg(CASE
			WHEN part ~ '^[0-9]+$' THEN '1' || lpad(length(ltrim(part, '0'))::text, 2, '0') || ltrim(part, '0')
			ELSE '2' || part || '!'
		END, '' ORDER BY n)
		FROM unnest(string_to_array(
			substr(split_part(version, '+', 1), position('-' IN split_part(version, '+', 1)) + 1), '.'
		)) WITH ORDINALITY AS pre(part, n)
	) END
$$;
--> statement-breakpoint
CREATE TABLE "group_members" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"group" text NOT NULL,
	"device" text NOT NULL,
	"added_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "group_members_group_device_pk" PRIMARY KEY("group","device")
);
--> statement-breakpoint
CREATE TABLE "groups" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"query" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "name" text;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "tags" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "attributes" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "version_order" text COLLATE "C" GENERATED ALWAYS AS (version_order(version)) STORED;--> statement-breakpoint
ALTER TABLE "group_members" ADD CONSTRAINT "group_members_group_groups_id_fk" FOREIGN KEY ("group") REFERENCES "public"."groups"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "group_members" ADD CONSTRAINT "group_members_tenant_device_devices_tenant_id_fk" FOREIGN KEY ("tenant","device") REFERENCES "public"."devices"("tenant","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "group_members_device" ON "group_members" USING btree ("tenant","device");--> statement-breakpoint
CREATE UNIQUE INDEX "groups_name" ON "groups" USING btree ("tenant","name");