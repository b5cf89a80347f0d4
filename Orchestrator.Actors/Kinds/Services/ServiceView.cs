using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.Services;

/// <summary>One port of a Service.</summary>
/// <param name="TargetName">The name of the containers' port, when the target is named.</param>
/// <param name="TargetNumber">The number of the containers' port otherwise.</param>
public sealed record ServicePortView(string Name, string Protocol, int Port, string TargetName, int TargetNumber, string AppProtocol)
{
    /// <summary>The port on a pod, or 0 when the pod has none of that name.</summary>
    public int On(PodView pod)
    {
        if (TargetName.Length == 0) return TargetNumber > 0 ? TargetNumber : Port;
        foreach (var port in pod.Ports)
            if (port.Name == TargetName && port.Protocol == Protocol) return port.ContainerPort;
        return 0;
    }
}

/// <summary>The parts of a Service that the endpoint controllers read; parsed once per version.</summary>
public sealed class ServiceView
{
    private ServiceView(StoredObject source, JsonElement root)
    {
        Source = source;
        var spec = root.Get("spec");
        Selector = spec.Count("selector") > 0 ? LabelSelectorJson.ReadMap(spec.Get("selector")) : null;
        ExternalName = spec.Text("type") == "ExternalName";
        Headless = spec.Text("clusterIP") == "None";
        Claims = ServiceClaims.Of(spec);
        PublishNotReady = spec.Flag("publishNotReadyAddresses");
        Ports = [.. spec.Items("ports").Select(static p => new ServicePortView(
            p.Text("name"), p.Text("protocol") is { Length: > 0 } protocol ? protocol : "TCP", (int)p.Number("port"),
            p.Get("targetPort").ValueKind == JsonValueKind.String ? p.Text("targetPort") : "", (int)p.Number("targetPort"), p.Text("appProtocol")))];
        IPFamilies = [.. spec.Items("ipFamilies").Select(static f => f.Text())];
        if (IPFamilies.IsEmpty) IPFamilies = ["IPv4"];
    }

    public StoredObject Source { get; }
    public ObjectKey Key => Source.Key;
    public ObjectMeta Meta => Source.Meta;

    /// <summary>Null when the endpoints are the user's business.</summary>
    public LabelSelector? Selector { get; }
    public bool ExternalName { get; }
    public bool Headless { get; }
    public bool PublishNotReady { get; }

    /// <summary>What no other Service may have, see <see cref="ServiceClaims"/>.</summary>
    public ImmutableArray<string> Claims { get; }
    public ImmutableArray<ServicePortView> Ports { get; }
    public ImmutableArray<string> IPFamilies { get; }

    public OwnerIdentity Identity => new("v1", "Service", Key.Name, Meta.Uid);

    /// <summary>Whether the pod stands behind the Service, ready or not.</summary>
    public bool Selects(PodView pod) =>
        Selector is { } selector && pod.PodIP.Length > 0 && pod.NodeName.Length > 0 && !pod.Finished && selector.Matches(pod.Meta.Labels);

    public static ServiceView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new ServiceView(o, document.RootElement);
    });
}
