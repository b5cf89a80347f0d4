using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>What keeps pods: deployments, replica sets, daemon sets, stateful sets, jobs, autoscalers.</summary>
internal static class WorkloadTables
{
    private const string Wide = "Containers*, Images*, Selector*";

    public static TableLayout Deployments { get; } = new($"Name, Ready, Up-to-date, Available, Age, {Wide}", static row => Template(
        row.Name().Text($"{row.Status.Number("readyReplicas")}/{Replicas(row)}").Number(row.Status.Number("updatedReplicas"))
            .Number(row.Status.Number("availableReplicas")).Age()).Text(row.Spec.Get("selector").LabelSelector()));

    public static TableLayout ReplicaSets { get; } = new($"Name, Desired:integer, Current:integer, Ready:integer, Age, {Wide}", static row =>
        Template(Counts(row)).Text(row.Spec.Get("selector").LabelSelector()));

    public static TableLayout ReplicationControllers { get; } = new($"Name, Desired:integer, Current:integer, Ready:integer, Age, {Wide}",
        static row => Template(Counts(row)).Text(row.Spec.Labels("selector")));

    public static TableLayout DaemonSets { get; } = new(
        $"Name, Desired:integer, Current:integer, Ready:integer, Up-to-date:integer, Available:integer, Node Selector, Age, {Wide}", static row =>
        {
            row.Name().Number(row.Status.Number("desiredNumberScheduled")).Number(row.Status.Number("currentNumberScheduled"))
                .Number(row.Status.Number("numberReady")).Number(row.Status.Number("updatedNumberScheduled"))
                .Number(row.Status.Number("numberAvailable")).Text(row.Spec.Get("template", "spec").Labels("nodeSelector")).Age();
            Template(row).Text(row.Spec.Get("selector").LabelSelector());
        });

    public static TableLayout StatefulSets { get; } = new("Name, Ready, Age, Containers*, Images*", static row =>
        Template(row.Name().Text($"{row.Status.Number("readyReplicas")}/{Replicas(row)}").Age()));

    public static TableLayout Jobs { get; } = new($"Name, Status, Completions, Duration, Age, {Wide}", static row => Template(
        row.Name().Text(JobStatus(row)).Text(Completions(row)).Text(JobDuration(row)).Age()).Text(row.Spec.Get("selector").LabelSelector()));

    public static TableLayout CronJobs { get; } = new(
        $"Name, Schedule, Timezone, Suspend:boolean, Active:integer, Last Schedule, Age, {Wide}", static row =>
        {
            var last = row.Status.Text("lastScheduleTime");
            var job = row.Spec.Get("jobTemplate", "spec");
            row.Name().Text(row.Spec.Text("schedule")).TextOr(row.Spec.Text("timeZone"), "<none>")
                .Text(row.Spec.Flag("suspend") ? "True" : "False").Number(row.Status.Count("active"))
                .Text(last.Length == 0 ? "<none>" : row.Since(last)).Age()
                .Text(job.Get("template", "spec").Joined("containers", "name")).Text(job.Get("template", "spec").Joined("containers", "image"))
                .Text(job.Get("selector").LabelSelector());
        });

    public static TableLayout ControllerRevisions { get; } = new("Name, Controller, Revision, Age", static row =>
        row.Name().Text(Owner(row.Metadata)).Number(row.Object.Number("revision")).Age());

    public static TableLayout PodDisruptionBudgets { get; } = new("Name, Min Available, Max Unavailable, Allowed Disruptions:integer, Age",
        static row => row.Name().TextOr(row.Spec.Text("minAvailable"), "N/A").TextOr(row.Spec.Text("maxUnavailable"), "N/A")
            .Number(row.Status.Number("disruptionsAllowed")).Age());

    public static TableLayout HorizontalPodAutoscalers { get; } = new("Name, Reference, Targets, MinPods, MaxPods, Replicas, Age", static row =>
    {
        var target = row.Spec.Get("scaleTargetRef");
        row.Name().Text($"{target.Text("kind")}/{target.Text("name")}").Text(AutoscalerTargets.Format(row.Spec, row.Status))
            .TextOr(row.Spec.Text("minReplicas"), "<unset>").Number(row.Spec.Number("maxReplicas"))
            .Number(row.Status.Number("currentReplicas")).Age();
    });

    // Absent means one replica until defaulting has filled it in.
    private static long Replicas(TableRow row) => row.Spec.Number("replicas", 1);

    private static TableRow Counts(TableRow row) =>
        row.Name().Number(Replicas(row)).Number(row.Status.Number("replicas")).Number(row.Status.Number("readyReplicas")).Age();

    private static TableRow Template(TableRow row)
    {
        var pod = row.Spec.Get("template", "spec");
        return row.Text(pod.Joined("containers", "name")).Text(pod.Joined("containers", "image"));
    }

    private static string JobStatus(TableRow row)
    {
        if (row.Status.ConditionStatus("Complete") == "True") return "Complete";
        if (row.Status.ConditionStatus("Failed") == "True") return "Failed";
        if (row.Metadata.Get("deletionTimestamp").Exists()) return "Terminating";
        foreach (var type in (ReadOnlySpan<string>)["Suspended", "FailureTarget", "SuccessCriteriaMet"])
            if (row.Status.ConditionStatus(type) == "True") return type;
        return "Running";
    }

    private static string Completions(TableRow row)
    {
        var succeeded = row.Status.Number("succeeded");
        if (row.Spec.Get("completions").Exists()) return $"{succeeded}/{row.Spec.Number("completions")}";
        var parallelism = row.Spec.Number("parallelism");
        return parallelism > 1 ? $"{succeeded}/1 of {parallelism}" : $"{succeeded}/1";
    }

    private static string JobDuration(TableRow row)
    {
        if (!TableRow.TryParseTime(row.Status.Text("startTime"), out var start)) return "";
        var end = TableRow.TryParseTime(row.Status.Text("completionTime"), out var completed) ? completed : row.Now;
        return HumanDuration.Format(end - start);
    }

    private static string Owner(JsonElement metadata)
    {
        foreach (var owner in metadata.Items("ownerReferences"))
        {
            if (!owner.Flag("controller")) continue;
            var version = owner.Text("apiVersion");
            var slash = version.IndexOf('/', StringComparison.Ordinal);
            var kind = owner.Text("kind").ToLowerInvariant();
            return slash < 0 ? $"{kind}/{owner.Text("name")}" : $"{kind}.{version[..slash]}/{owner.Text("name")}";
        }
        return "<none>";
    }
}
