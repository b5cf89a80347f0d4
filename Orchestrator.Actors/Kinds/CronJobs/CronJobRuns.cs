using System.Globalization;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Jobs;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.CronJobs;

/// <summary>The jobs that a cron job makes: one per scheduled time, named after it.</summary>
public static class CronJobRuns
{
    public const string TimeAnnotation = "batch.kubernetes.io/cronjob-scheduled-timestamp";

    /// <summary>The name says the minute, counted since the epoch, so no time is run twice.</summary>
    public static string NameOf(CronJobView cron, DateTimeOffset scheduled) =>
        string.Create(CultureInfo.InvariantCulture, $"{cron.Key.Name}-{scheduled.ToUnixTimeSeconds() / 60}");

    /// <summary>The time for which the controller made the job, or null when somebody else made it.</summary>
    public static DateTimeOffset? TimeOf(CronJobView cron, JobView job) =>
        job.Meta.Annotations.TryGetValue(TimeAnnotation, out var text)
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        && NameOf(cron, time) == job.Key.Name ? time : null;

    public static CreateAction Create(CronJobView cron, DateTimeOffset scheduled, TimeZoneInfo zone)
    {
        var key = new ObjectKey(cron.Key.Namespace, NameOf(cron, scheduled));
        var template = JsonTree.At(cron.Source.ToTree(), ["spec", "jobTemplate"])!.AsObject();
        var given = JsonTree.Object(template, "metadata");
        var annotations = JsonTree.Object(given, "annotations")?.DeepClone().AsObject() ?? [];
        annotations[TimeAnnotation] = Rfc3339(TimeZoneInfo.ConvertTime(scheduled, zone));
        var metadata = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace, ["annotations"] = annotations };
        if (given?["labels"] is { } labels) metadata["labels"] = labels.DeepClone();
        metadata["ownerReferences"] = new JsonArray(cron.Identity.ToReference());
        return new CreateAction(ResourceTypes.Jobs, key, new JsonObject
        {
            ["apiVersion"] = "batch/v1",
            ["kind"] = "Job",
            ["metadata"] = metadata,
            ["spec"] = template["spec"]?.DeepClone() ?? new JsonObject(),
        });
    }

    public static JsonObject Reference(JobView job) => new()
    {
        ["apiVersion"] = "batch/v1",
        ["kind"] = "Job",
        ["name"] = job.Key.Name,
        ["namespace"] = job.Key.Namespace,
        ["resourceVersion"] = job.Source.Revision.ToString(CultureInfo.InvariantCulture),
        ["uid"] = job.Uid,
    };

    private static string Rfc3339(DateTimeOffset time) =>
        time.ToString(time.Offset == TimeSpan.Zero ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
}
