using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Scheduling;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>One entry of <c>status.conditions</c> of any kind.</summary>
public sealed record ConditionView(string Type, string Status, string Reason, string Message, DateTimeOffset? LastTransition)
{
    public static ImmutableArray<ConditionView> ReadAll(JsonElement status) =>
        status.Map("conditions", static c => new ConditionView(
            c.Text("type"), c.Text("status"), c.Text("reason"), c.Text("message"), KindTime.Read(c, "lastTransitionTime")));
}

/// <summary>A port that a container names or that takes a port of the host.</summary>
public sealed record ContainerPortView(string Name, int ContainerPort, int HostPort, string HostIP, string Protocol);

/// <summary>What became of one container, as far as controllers care.</summary>
public sealed record ContainerStatusView(string Name, bool Ready, int RestartCount, int? ExitCode, DateTimeOffset? FinishedAt);

/// <summary>A volume of a pod that a claim stands for.</summary>
/// <param name="Claim">The claim's name.</param>
/// <param name="Own">The claim is made for this pod, and goes with it.</param>
public sealed record PodClaim(string Claim, bool Own);

/// <summary>The parts of a pod that the scheduler and the controllers read; parsed once per version.</summary>
public sealed class PodView
{
    private static readonly string[] PlacedBy =
        ["nodeName", "nodeSelector", "affinity", "tolerations", "topologySpreadConstraints", "overhead", "hostNetwork", "priority", "schedulerName", "resources"];

    private static readonly string[] ContainerPlacedBy = ["image", "ports", "resources", "restartPolicy"];

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _scratch;

    private string? _equivalenceKey;

    private PodView(StoredObject source, JsonElement pod)
    {
        Source = source;
        Meta = source.Meta;
        var spec = pod.Get("spec");
        var status = pod.Get("status");
        NodeName = spec.Text("nodeName");
        SchedulerName = spec.Text("schedulerName");
        Priority = (int)spec.Number("priority");
        RestartPolicy = spec.Text("restartPolicy") is { Length: > 0 } policy ? policy : "Always";
        HostNetwork = spec.Flag("hostNetwork");
        Hostname = spec.Text("hostname");
        Subdomain = spec.Text("subdomain");
        ActiveDeadlineSeconds = spec.Get("activeDeadlineSeconds").Exists() ? spec.Number("activeDeadlineSeconds") : null;
        SchedulingGates = spec.Map("schedulingGates", static g => g.Text("name"));
        Tolerations = Toleration.ReadAll(spec);
        Requests = PodRequests.Of(spec);
        Ports = ReadPorts(spec);
        Images = spec.Map("containers", static c => c.Text("image"));
        Placement = PodPlacement.Read(spec);
        Phase = status.Text("phase") is { Length: > 0 } phase ? phase : "Pending";
        Reason = status.Text("reason");
        Conditions = ConditionView.ReadAll(status);
        Containers = ReadStatuses(status);
        PodIP = status.Text("podIP");
        HostIP = status.Text("hostIP");
        StartTime = KindTime.Read(status, "startTime");
        PodIPs = status.Map("podIPs", static p => p.Text("ip"));
        NominatedNodeName = status.Text("nominatedNodeName");
        Claims = ReadClaims(spec);
        // The scheduler asks this of every pod that has no node yet, and the document is open now.
        if (NodeName.Length > 0) return;
        _equivalenceKey = MakeEquivalenceKey(spec);
    }

    public StoredObject Source { get; }
    public ObjectMeta Meta { get; }
    public ObjectKey Key => Source.Key;
    public string Uid => Meta.Uid;

    public string NodeName { get; }
    public string SchedulerName { get; }
    public int Priority { get; }
    public string RestartPolicy { get; }
    public bool HostNetwork { get; }
    public string Hostname { get; }
    public string Subdomain { get; }
    public long? ActiveDeadlineSeconds { get; }
    public ImmutableArray<string> SchedulingGates { get; }
    public ImmutableArray<Toleration> Tolerations { get; }

    /// <summary>What the pod takes from a node: the greater of init containers and containers, plus overhead.</summary>
    public ResourceAmounts Requests { get; }

    public ImmutableArray<ContainerPortView> Ports { get; }
    public ImmutableArray<string> Images { get; }
    public PodPlacement Placement { get; }

    /// <summary>The claims that its volumes name or that are made for them.</summary>
    public ImmutableArray<PodClaim> Claims { get; }

    public string Phase { get; }
    public string Reason { get; }
    public ImmutableArray<ConditionView> Conditions { get; }
    public ImmutableArray<ContainerStatusView> Containers { get; }
    public string PodIP { get; }
    public string HostIP { get; }
    public DateTimeOffset? StartTime { get; }
    public ImmutableArray<string> PodIPs { get; }
    public string NominatedNodeName { get; }

    public bool Terminating => Meta.Deleting;

    /// <summary>Phase Succeeded or Failed: it will run no more and takes no resources.</summary>
    public bool Finished => Phase is "Succeeded" or "Failed";

    /// <summary>Neither finished nor being deleted.</summary>
    public bool Active => !Finished && !Terminating;

    public bool Ready => Condition("Ready") is { Status: "True" };

    /// <summary>The most restarts of any container.</summary>
    public int RestartCount => Containers.IsEmpty ? 0 : Containers.Max(static c => c.RestartCount);

    public ConditionView? Condition(string type)
    {
        foreach (var condition in Conditions)
            if (condition.Type == type) return condition;
        return null;
    }

    /// <summary>Ready for at least <paramref name="minReadySeconds"/>.</summary>
    public bool Available(int minReadySeconds, DateTimeOffset now) =>
        Condition("Ready") is { Status: "True" } ready
        && (minReadySeconds == 0 || (ready.LastTransition is { } since && since.AddSeconds(minReadySeconds) <= now));

    /// <summary>Equal for pods that the scheduler cannot tell apart: the same namespace, owner, labels, and what of the spec its rules read.</summary>
    /// <remarks>Not the whole spec: the volume with the pod's token has a name of its own in each pod.</remarks>
    public string EquivalenceKey => _equivalenceKey ??= ReadEquivalenceKey();

    public static PodView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new PodView(o, document.RootElement);
    });

    private string ReadEquivalenceKey()
    {
        using var document = JsonDocument.Parse(Source.Json);
        return MakeEquivalenceKey(document.RootElement.Get("spec"));
    }

    private string MakeEquivalenceKey(JsonElement spec)
    {
        var text = _scratch ??= new ArrayBufferWriter<byte>(4096);
        text.ResetWrittenCount();
        Append(text, Key.Namespace);
        Append(text, Meta.Controller?.Uid ?? "");
        foreach (var (name, value) in Meta.Labels.OrderBy(static l => l.Key, StringComparer.Ordinal))
        {
            Append(text, name);
            Append(text, value);
        }
        foreach (var name in PlacedBy) Append(text, spec.Get(name));
        foreach (var container in spec.Items("containers").Concat(spec.Items("initContainers")))
            foreach (var name in ContainerPlacedBy) Append(text, container.Get(name));
        return Convert.ToHexString(SHA256.HashData(text.WrittenSpan));
    }

    private static void Append(ArrayBufferWriter<byte> text, string value)
    {
        Encoding.UTF8.GetBytes(value, text);
        text.Write("\n"u8);
    }

    private static void Append(ArrayBufferWriter<byte> text, JsonElement value)
    {
        if (value.Exists()) text.Write(JsonMarshal.GetRawUtf8Value(value));
        text.Write("\n"u8);
    }

    private ImmutableArray<PodClaim> ReadClaims(JsonElement spec)
    {
        var claims = ImmutableArray<PodClaim>.Empty;
        foreach (var volume in spec.Items("volumes"))
        {
            if (volume.Get("persistentVolumeClaim").Text("claimName") is { Length: > 0 } claim) claims = claims.Add(new PodClaim(claim, false));
            else if (volume.Get("ephemeral").Exists()) claims = claims.Add(new PodClaim($"{Key.Name}-{volume.Text("name")}", true));
        }
        return claims;
    }

    private static ImmutableArray<ContainerPortView> ReadPorts(JsonElement spec)
    {
        var hostNetwork = spec.Flag("hostNetwork");
        return [.. spec.Items("containers").Concat(spec.Items("initContainers").Where(PodRequests.IsSidecar))
            .SelectMany(static c => c.Items("ports"))
            .Select(p => new ContainerPortView(
                p.Text("name"), (int)p.Number("containerPort"),
                (int)(p.Number("hostPort") is var host and not 0 ? host : hostNetwork ? p.Number("containerPort") : 0),
                p.Text("hostIP"), p.Text("protocol") is { Length: > 0 } protocol ? protocol : "TCP"))];
    }

    private static ImmutableArray<ContainerStatusView> ReadStatuses(JsonElement status) =>
        [.. status.Items("initContainerStatuses").Concat(status.Items("containerStatuses")).Select(static c =>
        {
            var terminated = c.Get("state", "terminated");
            return new ContainerStatusView(c.Text("name"), c.Flag("ready"), (int)c.Number("restartCount"),
                terminated.Exists() ? (int)terminated.Number("exitCode") : null,
                terminated.Exists() ? KindTime.Read(terminated, "finishedAt") : null);
        })];
}
