using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>What the STATUS, READY and RESTARTS columns say about a pod.</summary>
internal sealed class PodSummary
{
    private readonly JsonElement _spec, _status;
    private int _sidecarRestarts;
    private DateTimeOffset? _sidecarLastRestart;

    private PodSummary(JsonElement pod)
    {
        _spec = pod.Get("spec");
        _status = pod.Get("status");
    }

    public int Containers { get; private set; }

    public int Ready { get; private set; }

    public int Restarts { get; private set; }

    public DateTimeOffset? LastRestart { get; private set; }

    public string Reason { get; private set; } = "";

    public static PodSummary Of(JsonElement pod)
    {
        var summary = new PodSummary(pod);
        summary.Read(pod.Get("metadata").Get("deletionTimestamp").Exists());
        return summary;
    }

    private void Read(bool deleting)
    {
        var phase = _status.Text("phase");
        var podReason = _status.Text("reason");
        Reason = podReason.Length > 0 ? podReason : phase;
        foreach (var condition in _status.Items("conditions"))
            if (condition.Text("type") == "PodScheduled" && condition.Text("reason") == "SchedulingGated") Reason = "SchedulingGated";

        var sidecars = _spec.Items("initContainers").Where(static c => c.Text("restartPolicy") == "Always")
            .Select(static c => c.Text("name")).ToHashSet(StringComparer.Ordinal);
        Containers = _spec.Count("containers") + sidecars.Count;

        // Once the pod is initialized, restarts of the init containers that ran to completion are old news.
        var initializing = ReadInitContainers(sidecars);
        if (!initializing || _status.ConditionStatus("Initialized") == "True") ReadContainers();

        if (!deleting) return;
        if (podReason == "NodeLost") Reason = "Unknown";
        else if (phase is not ("Succeeded" or "Failed")) Reason = "Terminating";
    }

    /// <summary>True when an init container still stands in the way of the others.</summary>
    private bool ReadInitContainers(HashSet<string> sidecars)
    {
        var index = -1;
        foreach (var container in _status.Items("initContainerStatuses"))
        {
            index++;
            var sidecar = sidecars.Contains(container.Text("name"));
            CountRestarts(container);
            if (sidecar)
            {
                _sidecarRestarts += (int)container.Number("restartCount");
                _sidecarLastRestart = Later(_sidecarLastRestart, container);
            }

            var terminated = container.Get("state", "terminated");
            if (terminated.Exists() && terminated.Number("exitCode") == 0) continue;
            if (sidecar && container.Flag("started"))
            {
                if (container.Flag("ready")) Ready++;
                continue;
            }

            var waiting = container.Get("state", "waiting").Text("reason");
            if (terminated.Exists()) Reason = $"Init:{TerminationReason(terminated)}";
            else if (waiting is not ("" or "PodInitializing")) Reason = $"Init:{waiting}";
            else Reason = $"Init:{index}/{_spec.Count("initContainers")}";
            return true;
        }
        return false;
    }

    private void ReadContainers()
    {
        Restarts = _sidecarRestarts;
        LastRestart = _sidecarLastRestart;
        var running = false;
        foreach (var container in _status.Items("containerStatuses").Reverse())
        {
            CountRestarts(container);
            var waiting = container.Get("state", "waiting").Text("reason");
            var terminated = container.Get("state", "terminated");
            if (waiting.Length > 0)
            {
                Reason = waiting;
            }
            else if (terminated.Exists())
            {
                Reason = TerminationReason(terminated);
            }
            else if (container.Flag("ready") && container.Get("state", "running").Exists())
            {
                running = true;
                Ready++;
            }
        }

        // One container that completed does not make a pod completed while others run.
        if (Reason == "Completed" && running) Reason = _status.ConditionStatus("Ready") == "True" ? "Running" : "NotReady";
    }

    private void CountRestarts(JsonElement container)
    {
        Restarts += (int)container.Number("restartCount");
        LastRestart = Later(LastRestart, container);
    }

    private static DateTimeOffset? Later(DateTimeOffset? known, JsonElement container) =>
        TableRow.TryParseTime(container.Get("lastState", "terminated").Text("finishedAt"), out var finished) && (known is null || known < finished)
            ? finished
            : known;

    private static string TerminationReason(JsonElement terminated)
    {
        var reason = terminated.Text("reason");
        if (reason.Length > 0) return reason;
        var signal = terminated.Number("signal");
        return signal != 0 ? $"Signal:{signal}" : $"ExitCode:{terminated.Number("exitCode")}";
    }
}
