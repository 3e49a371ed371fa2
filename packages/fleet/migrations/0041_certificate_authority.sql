ALTER TABLE "device_certificates" ADD COLUMN "authority" text;--> statement-breakpoint
UPDATE "device_certificates" SET "authority" = "devices"."certificate_authority" FROM "devices" WHERE "devices"."tenant" = "device_certificates"."tenant" AND "devices"."id" = "device_certificates"."device" AND "devices"."key_sha256" = "device_certificates"."key_sha256";
