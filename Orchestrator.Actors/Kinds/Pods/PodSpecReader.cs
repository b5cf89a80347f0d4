using System.Buffers;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Scheduling;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.Pods;

/// <summary>Reads a pod's <c>spec</c> in one pass, since the scheduler and the controllers read every version of every pod.</summary>
/// <remarks>Parts with a form of their own that few pods have (affinity, spreading) are read from a document of that part alone.</remarks>
internal ref struct PodSpecReader
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _scratch;

    private readonly ObjectKey _key;
    private readonly ReadOnlySpan<byte> _json;
    private readonly ArrayBufferWriter<byte> _placed;
    private ImmutableArray<ContainerPortView> _ports = [];
    private ImmutableArray<ContainerPortView> _sidecarPorts = [];
    private ResourceAmounts _overhead = ResourceAmounts.Zero;
    private PodRequests _requests = PodRequests.None;

    /// <param name="key">Of the pod.</param>
    /// <param name="json">Its JSON, which the reader that <see cref="Read"/> gets walks from the first byte.</param>
    public PodSpecReader(ObjectKey key, ReadOnlySpan<byte> json)
    {
        _key = key;
        _json = json;
        _placed = _scratch ??= new ArrayBufferWriter<byte>(4096);
        _placed.ResetWrittenCount();
    }

    public string NodeName { get; private set; } = "";
    public string SchedulerName { get; private set; } = "";
    public int Priority { get; private set; }
    public bool PreemptsNobody { get; private set; }
    public string RestartPolicy { get; private set; } = "Always";
    public bool HostNetwork { get; private set; }
    public string Hostname { get; private set; } = "";
    public string Subdomain { get; private set; } = "";
    public long? ActiveDeadlineSeconds { get; private set; }
    public ImmutableArray<string> SchedulingGates { get; private set; } = [];
    public ImmutableArray<Toleration> Tolerations { get; private set; } = [];
    public ImmutableArray<string> Images { get; private set; } = [];
    public ImmutableArray<PodClaim> Claims { get; private set; } = [];
    public PodPlacement Placement { get; private set; } = PodPlacement.Anywhere;

    public readonly ResourceAmounts Requests => _requests.Total.Plus(_overhead);

    /// <summary>The ports of all that keeps running: the containers' and then the sidecars'.</summary>
    public readonly ImmutableArray<ContainerPortView> Ports
    {
        get
        {
            var ports = _ports.AddRange(_sidecarPorts);
            // On the host's network each port is one of the host's.
            return HostNetwork ? [.. ports.Select(static p => p.HostPort == 0 ? p with { HostPort = p.ContainerPort } : p)] : ports;
        }
    }

    /// <summary>Equal for pods that the scheduler cannot tell apart, once the spec has been read.</summary>
    /// <remarks>Properties count in the order in which they stand: pods of one template have one order.</remarks>
    public readonly string EquivalenceKey(ObjectMeta meta)
    {
        Append(_key.Namespace);
        Append(meta.Controller?.Uid ?? "");
        foreach (var (name, value) in meta.Labels)
        {
            Append(name);
            Append(value);
        }
        return Convert.ToBase64String(SHA256.HashData(_placed.WrittenSpan));
    }

    /// <summary>Reads the spec; the reader stands on its first token and is left on its last.</summary>
    public void Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = RecentStrings.ReadName(ref reader);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (ReadPlacing(ref reader, name)) Append(name, start, ref reader);
            else ReadOther(ref reader, name);
        }
    }

    // What decides where the pod may run, and so belongs to the equivalence key.
    private bool ReadPlacing(ref Utf8JsonReader reader, string name)
    {
        switch (name)
        {
            case "nodeName": NodeName = Text(ref reader); return true;
            case "schedulerName": SchedulerName = Text(ref reader); return true;
            case "priority": Priority = (int)(Number(ref reader) ?? 0); return true;
            case "hostNetwork": HostNetwork = reader.TokenType == JsonTokenType.True; return true;
            case "tolerations": Tolerations = Toleration.ReadAll(ref reader); return true;
            case "resources": reader.Skip(); return true;
            case "overhead": _overhead = ResourceAmounts.Read(ref reader, ResourceAmounts.Zero); return true;
            case "nodeSelector" or "affinity" or "topologySpreadConstraints":
                using (var part = JsonDocument.ParseValue(ref reader))
                {
                    Placement = name switch
                    {
                        "nodeSelector" => Placement.WithNodeSelector(part.RootElement),
                        "affinity" => Placement.WithAffinity(part.RootElement),
                        _ => Placement.WithSpread(part.RootElement),
                    };
                }
                return true;
            default: return false;
        }
    }

    private void ReadOther(ref Utf8JsonReader reader, string name)
    {
        switch (name)
        {
            case "preemptionPolicy": PreemptsNobody = Text(ref reader) == "Never"; break;
            case "containers": ReadContainers(ref reader, init: false); break;
            case "initContainers": ReadContainers(ref reader, init: true); break;
            case "volumes": ReadVolumes(ref reader); break;
            case "restartPolicy" when reader.TokenType == JsonTokenType.String: RestartPolicy = Text(ref reader) is { Length: > 0 } policy ? policy : "Always"; break;
            case "hostname": Hostname = Text(ref reader); break;
            case "subdomain": Subdomain = Text(ref reader); break;
            case "activeDeadlineSeconds": ActiveDeadlineSeconds = Number(ref reader); break;
            case "schedulingGates":
                using (var gates = JsonDocument.ParseValue(ref reader)) SchedulingGates = gates.RootElement.Map(static g => g.Text("name"));
                break;
            default: reader.Skip(); break;
        }
    }

    private void ReadContainers(ref Utf8JsonReader reader, bool init)
    {
        if (reader.TokenType != JsonTokenType.StartArray) return;
        Append(init ? "init" : "containers");
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            var image = "";
            var sidecar = false;
            var requests = ResourceAmounts.Zero;
            ImmutableArray<ContainerPortView> ports = [];
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = RecentStrings.ReadName(ref reader);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                switch (name)
                {
                    case "image": image = Text(ref reader); break;
                    case "restartPolicy": sidecar = init && Text(ref reader) == "Always"; break;
                    case "resources": requests = PodRequests.OfContainer(ref reader); break;
                    case "ports":
                        using (var part = JsonDocument.ParseValue(ref reader)) ports = part.RootElement.Map(ContainerPortView.Read);
                        break;
                    default: reader.Skip(); continue;
                }
                Append(name, start, ref reader);
            }
            Append("end");
            if (!init)
            {
                _requests = _requests.WithContainer(requests);
                Images = Images.Add(image);
                _ports = _ports.AddRange(ports);
            }
            else
            {
                _requests = _requests.WithInitContainer(requests, sidecar);
                if (sidecar) _sidecarPorts = _sidecarPorts.AddRange(ports);
            }
        }
    }

    private void ReadVolumes(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string volume = "", claim = "";
            var own = false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = RecentStrings.ReadName(ref reader);
                reader.Read();
                if (name == "name") volume = Text(ref reader);
                else if (name == "ephemeral") own = reader.TokenType != JsonTokenType.Null;
                else if (name == "persistentVolumeClaim" && reader.TokenType == JsonTokenType.StartObject) claim = ReadClaimName(ref reader);
                reader.Skip();
            }
            if (claim.Length > 0) Claims = Claims.Add(new PodClaim(claim, false));
            else if (own) Claims = Claims.Add(new PodClaim($"{_key.Name}-{volume}", true));
        }
    }

    private static string ReadClaimName(ref Utf8JsonReader reader)
    {
        using var part = JsonDocument.ParseValue(ref reader);
        return part.RootElement.Text("claimName");
    }

    /// <summary>A string, or empty for what is none.</summary>
    internal static string Text(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String) return RecentStrings.Read(ref reader);
        reader.Skip();
        return "";
    }

    private static long? Number(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number)) return number;
        reader.Skip();
        return null;
    }

    private readonly void Append(string value)
    {
        Encoding.UTF8.GetBytes(value, _placed);
        _placed.Write("\n"u8);
    }

    private readonly void Append(string name, int start, ref Utf8JsonReader reader)
    {
        Append(name);
        _placed.Write(_json[start..(int)reader.BytesConsumed]);
        _placed.Write("\n"u8);
    }
}
