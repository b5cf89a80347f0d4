using Orchestrator.Actors.Kinds.Jobs;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CronJobs;

/// <summary>A cron job's schedule and time zone, and the jobs that it makes.</summary>
/// <remarks>Source: ValidateCronJobCreate and ValidateCronJobUpdate of kubernetes pkg/apis/batch/validation.</remarks>
public sealed class CronJobValidation : IKindValidation
{
    /// <summary>Most characters of the name: the jobs' names end in eleven more.</summary>
    private const int NameMax = 52;

    private static readonly FieldPath Spec = FieldPath.Of("spec");

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "spec") is not { } spec) return;
        ValidateSchedule(spec, faults);
        if (JsonTree.String(spec, "timeZone") is { } zone) ValidateZone(zone, Spec.Child("timeZone"), faults);
        if (JsonTree.Object(JsonTree.Object(spec, "jobTemplate"), "spec") is { } job) ValidateJob(job, Spec.Child("jobTemplate").Child("spec"), faults);
        var name = FieldRules.NameOf(tree);
        if (name.Length > NameMax) faults.Invalid(FieldPath.Of("metadata").Child("name"), name, ObjectNames.TooLong(NameMax));
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
    }

    private static void ValidateJob(JsonObject job, FieldPath path, FaultList faults)
    {
        JobValidation.ValidateSpec(job, path, faults);
        // Each job gets a selector of its own.
        if (JsonTree.Object(job, "selector") is { } selector) faults.Invalid(path.Child("selector"), GoSyntax.Selector(selector), "`selector` will be auto-generated");
        if (JsonTree.Bool(job, "manualSelector") == true) faults.NotSupported(path.Child("manualSelector"), true, ["nil", "false"]);
    }

    private static void ValidateSchedule(JsonObject spec, FaultList faults)
    {
        var path = Spec.Child("schedule");
        var schedule = FieldRules.Required(spec, "schedule", Spec, faults);
        if (schedule.Length == 0) return;
        CronSchedule.Parse(schedule, out var fault);
        if (fault is not null) faults.Invalid(path, schedule, fault);
        if (!schedule.Contains("TZ", StringComparison.Ordinal)) return;
        faults.Invalid(path, schedule, spec["timeZone"] is not null
            ? "cannot use both timeZone field and TZ or CRON_TZ in schedule"
            : "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
    }

    private static void ValidateZone(string zone, FieldPath path, FaultList faults)
    {
        if (zone.Length == 0) faults.Invalid(path, zone, "timeZone must be nil or non-empty string");
        else if (zone.Equals("Local", StringComparison.OrdinalIgnoreCase))
            faults.Invalid(path, zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
        else if (!TimeZoneNames.Exists(zone)) faults.Invalid(path, zone, $"unknown time zone {zone}");
    }
}
