using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Node.Kubelet;

/// <summary>Computes a pod's status as the API shows it.</summary>
public static class PodStatusWriter
{
    /// <remarks>What others say in the status is not repeated here, for the pod that is known here may be older than theirs:
    /// <see cref="PodStatusMerge"/> takes it from what is stored when this is.</remarks>
    /// <param name="runtime">The prefix of container ids.</param>
    /// <param name="reported">The last status of our own making, if any: transition times go on from it.</param>
    public static JsonObject Write(
        PodManifest pod, PodRunState run, PodSituation now, PodPlace place, string runtime, DateTimeOffset time, JsonElement reported = default)
    {
        var inits = Statuses(pod.InitContainers, pod, run, now, runtime, time);
        var mains = Statuses(pod.Containers, pod, run, now, runtime, time);
        var phase = PhaseOf(pod, run, now);
        var status = new JsonObject
        {
            ["phase"] = phase,
            ["conditions"] = Conditions(pod, run, now, phase, time, reported.Exists() ? reported : pod.Status),
        };
        if (run.Failure is { } failure && phase == "Failed")
        {
            status["reason"] = failure.Reason;
            status["message"] = failure.Message;
        }
        if (place.HostIp.Length > 0)
        {
            status["hostIP"] = place.HostIp;
            status["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = place.HostIp });
        }
        var ip = pod.HostNetwork ? run.SandboxCount > 0 ? place.HostIp : "" : IpOf(pod, run, place);
        if (ip.Length > 0)
        {
            status["podIP"] = ip;
            status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = ip });
        }
        if (run.AcceptedAt is { } accepted) status["startTime"] = Time(accepted);
        if (inits.Count > 0) status["initContainerStatuses"] = inits;
        status["containerStatuses"] = mains;
        if (pod.EphemeralContainers.Length > 0)
            status["ephemeralContainerStatuses"] = Statuses(pod.EphemeralContainers, pod, run, now, runtime, time);
        status["qosClass"] = QosClass.Of(pod);
        return status;
    }

    /// <summary><c>Pending</c>, <c>Running</c>, <c>Succeeded</c> or <c>Failed</c>, by the rules of Kubernetes.</summary>
    /// <remarks>A pod that is being deleted ends in one of the last two as well. Source: kubelet, getPhase and TerminatePod.</remarks>
    public static string PhaseOf(PodManifest pod, PodRunState run, PodSituation now)
    {
        if (PodPlan.IsOver(pod, run, now))
        {
            var clean = run.Failure is null && pod.Containers.All(c => run.Of(c.Name)?.Ended is { ExitCode: 0 });
            return clean ? "Succeeded" : "Failed";
        }
        if (!PodPlan.IsInitialized(pod, run)) return "Pending";
        return pod.Containers.All(c => run.Of(c.Name) is not null) ? "Running" : "Pending";
    }

    // A pod that has ended keeps the address that it had. What the object says counts only where nothing is remembered: it is behind what is
    // reported, and who answers to his own echo writes for ever.
    private static string IpOf(PodManifest pod, PodRunState run, PodPlace place) =>
        (run.Sandbox?.Ip ?? run.Ip) is { } ip ? (ip.Length > 0 ? ip : place.HostIp) : pod.Status.Text("podIP");

    private static JsonArray Conditions(
        PodManifest pod, PodRunState run, PodSituation now, string phase, DateTimeOffset time, JsonElement before)
    {
        var ended = phase is "Succeeded" or "Failed";
        var initialized = PodPlan.IsInitialized(pod, run) || phase == "Succeeded";
        var waitingInit = pod.InitContainers.Where(c => !(run.Of(c.Name) is { } r && (c.Sidecar ? r.StartupFinished : r.Ended is { ExitCode: 0 })));
        var unready = pod.Containers.Concat(pod.InitContainers.Where(c => c.Sidecar))
            .Where(c => !IsReady(run, now, c.Name)).Select(c => c.Name).ToList();
        var gates = pod.ReadinessGates.Select(g => GateMessage(pod.Status, g)).Where(static m => m.Length > 0).ToList();

        (string Reason, string Message) containers = ended
            ? (phase == "Succeeded" ? "PodCompleted" : "PodFailed", "")
            : unready.Count > 0 ? ("ContainersNotReady", $"containers with unready status: [{string.Join(' ', unready)}]") : ("", "");
        var ready = containers.Reason.Length > 0 ? containers
            : gates.Count > 0 ? ("ReadinessGatesNotReady", string.Join(", ", gates))
            : ("", "");
        (string Reason, string Message) init = initialized ? (phase == "Succeeded" ? "PodCompleted" : "", "")
            : ("ContainersNotInitialized", $"containers with incomplete status: [{string.Join(' ', waitingInit.Select(c => c.Name))}]");

        return
        [
            Condition(before, "PodReadyToStartContainers", run.Sandbox is not null, ("", ""), time),
            Condition(before, "Initialized", initialized, init, time),
            Condition(before, "Ready", ready.Item1.Length == 0, ready, time),
            Condition(before, "ContainersReady", containers.Reason.Length == 0, containers, time),
        ];
    }

    private static bool IsReady(PodRunState run, PodSituation now, string container) =>
        run.Of(container) is { Running: true, StartupFinished: true } && now.Ready.Contains(container);

    /// <summary>Why a readiness gate is not open; empty when it is.</summary>
    /// <remarks>Source: kubelet, GeneratePodReadyCondition.</remarks>
    private static string GateMessage(JsonElement status, string gate)
    {
        var condition = status.Items("conditions").FirstOrDefault(c => c.Text("type") == gate);
        if (!condition.Exists()) return $"corresponding condition of pod readiness gate \"{gate}\" does not exist.";
        return condition.Text("status") is var value and not "True" ? $"the status of pod readiness gate \"{gate}\" is not \"True\", but {value}" : "";
    }

    private static JsonObject Condition(JsonElement before, string type, bool holds, (string Reason, string Message) why, DateTimeOffset time)
    {
        var old = before.Items("conditions").FirstOrDefault(c => c.Text("type") == type);
        var value = holds ? "True" : "False";
        var since = old.Text("status") == value && old.Text("lastTransitionTime") is { Length: > 0 } known ? known : Time(time);
        var condition = new JsonObject { ["type"] = type, ["status"] = value, ["lastProbeTime"] = null, ["lastTransitionTime"] = since };
        if (why.Reason.Length > 0) condition["reason"] = why.Reason;
        if (why.Message.Length > 0) condition["message"] = why.Message;
        return condition;
    }

    private static JsonArray Statuses(
        ImmutableArray<ContainerManifest> containers, PodManifest pod, PodRunState run, PodSituation now, string runtime, DateTimeOffset time)
    {
        var statuses = new JsonArray();
        foreach (var container in containers) statuses.Add(StatusOf(container, pod, run, now, runtime, time));
        return statuses;
    }

    private static JsonObject StatusOf(
        ContainerManifest container, PodManifest pod, PodRunState run, PodSituation now, string runtime, DateTimeOffset time)
    {
        var current = run.Of(container.Name);
        var isInit = pod.InitContainers.Contains(container);
        var waiting = WaitingOf(container, pod, run, current, now, time);
        var last = LastOf(container, pod, run, now, time);
        var ready = isInit && !container.Sidecar ? current?.Ended is { ExitCode: 0 } : IsReady(run, now, container.Name);
        var status = new JsonObject
        {
            ["name"] = container.Name,
            ["state"] = waiting is not null ? new JsonObject { ["waiting"] = waiting } : StateOf(current!, runtime),
            ["lastState"] = last is null ? [] : new JsonObject { ["terminated"] = Terminated(last, runtime) },
            ["ready"] = ready,
            ["restartCount"] = current?.RestartCount ?? 0,
            ["image"] = current?.Image ?? container.Image,
            ["imageID"] = current?.ImageId ?? "",
        };
        if (current is not null) status["containerID"] = $"{runtime}://{current.Id}";
        status["started"] = current is { Running: true, StartupFinished: true };
        return status;
    }

    /// <summary>The end of the container before the present one, as <c>lastState</c> shows it: of one that waits to start again, its own.</summary>
    public static Termination? LastOf(ContainerManifest container, PodManifest pod, PodRunState run, PodSituation now, DateTimeOffset time)
    {
        var current = run.Of(container.Name);
        return current?.Ended is { } ended && WaitingOf(container, pod, run, current, now, time) is not null ? ended : current?.Previous;
    }

    /// <summary>The waiting state, or null when the container runs or has ended and is not held up.</summary>
    private static JsonObject? WaitingOf(
        ContainerManifest container, PodManifest pod, PodRunState run, ContainerRun? current, PodSituation now, DateTimeOffset time)
    {
        if (current is { Running: true }) return null;
        if (PodPlan.IsFinished(pod, run) || pod.Meta.Deleting)
            return current is null ? NotYet(pod) : null;
        if (now.Troubles.TryGetValue(container.Name, out var trouble)) return Trouble(container, trouble, time);
        if (current?.Ended is { } ended)
        {
            if (!PodPlan.RestartsAfter(pod, container, ended.ExitCode) || time >= RestartBackOff.DueAt(current)) return null;
            var name = $"{pod.Meta.Name}_{pod.Meta.Namespace}({pod.Meta.Uid})";
            return Waiting("CrashLoopBackOff", $"back-off {RestartBackOff.Text(current.BackOff)} restarting failed container={container.Name} pod={name}");
        }
        return NotYet(pod);
    }

    // Of a pod with init containers all say so, the init containers too, until they have begun. Source: kubelet, convertToAPIContainerStatuses.
    private static JsonObject NotYet(PodManifest pod) => Waiting(pod.InitContainers.IsEmpty ? "ContainerCreating" : "PodInitializing", "");

    private static JsonObject Trouble(ContainerManifest container, LaunchTrouble trouble, DateTimeOffset time)
    {
        // A pull that failed is named for a moment, then its waiting is; kubectl users look for both.
        if (trouble.Reason == "ErrImagePull" && time - trouble.At >= ImageBackOffShownAfter)
            return Waiting("ImagePullBackOff", $"Back-off pulling image \"{container.Image}\": ErrImagePull: {trouble.Message}");
        return Waiting(trouble.Reason, trouble.Message);
    }

    /// <summary>How long a failed pull is shown as ErrImagePull before it becomes ImagePullBackOff.</summary>
    public static readonly TimeSpan ImageBackOffShownAfter = TimeSpan.FromSeconds(2);

    private static JsonObject Waiting(string reason, string message)
    {
        var waiting = new JsonObject { ["reason"] = reason };
        if (message.Length > 0) waiting["message"] = message;
        return waiting;
    }

    private static JsonObject StateOf(ContainerRun run, string runtime) => run.Ended is { } ended
        ? new JsonObject { ["terminated"] = Terminated(ended, runtime) }
        : new JsonObject { ["running"] = new JsonObject { ["startedAt"] = Time(run.StartedAt) } };

    private static JsonObject Terminated(Termination ended, string runtime)
    {
        var terminated = new JsonObject { ["exitCode"] = ended.ExitCode, ["reason"] = ended.Reason };
        if (ended.Message.Length > 0) terminated["message"] = ended.Message;
        terminated["startedAt"] = ended.StartedAt is { } started ? Time(started) : null;
        terminated["finishedAt"] = Time(ended.FinishedAt);
        terminated["containerID"] = $"{runtime}://{ended.Id}";
        return terminated;
    }

    internal static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
