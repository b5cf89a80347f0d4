using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>Nodes, namespaces, events and the other kinds that describe the cluster itself.</summary>
internal static class ClusterTables
{
    private const string RolePrefix = "node-role.kubernetes.io/";

    public static TableLayout Nodes { get; } = new(
        "Name, Status, Roles, Age, Version, Internal-IP*, External-IP*, OS-Image*, Kernel-Version*, Container-Runtime*", static row =>
        {
            var info = row.Status.Get("nodeInfo");
            row.Name().Text(NodeStatus(row)).Text(Roles(row.Metadata)).Age().Text(info.Text("kubeletVersion"))
                .Text(Address(row.Status, "InternalIP")).Text(Address(row.Status, "ExternalIP"))
                .TextOr(info.Text("osImage"), "<unknown>").TextOr(info.Text("kernelVersion"), "<unknown>")
                .TextOr(info.Text("containerRuntimeVersion"), "<unknown>");
        });

    public static TableLayout Namespaces { get; } = new("Name, Status, Age", static row => row.Name().Text(row.Status.Text("phase")).Age());

    public static TableLayout Leases { get; } = new("Name, Holder, Age", static row => row.Name().Text(row.Spec.Text("holderIdentity")).Age());

    public static TableLayout ComponentStatuses { get; } = new("Name, Status, Message, Error", static row =>
    {
        var healthy = row.Object.Items("conditions").FirstOrDefault(static c => c.Text("type") == "Healthy");
        row.Name().Text(healthy.Text("status") switch { "True" => "Healthy", "False" => "Unhealthy", _ => "Unknown" })
            .Text(healthy.Text("message")).Text(healthy.Text("error"));
    });

    /// <summary>What a node uses, or all containers of a pod together.</summary>
    public static TableLayout Metrics { get; } = new("Name, CPU, Memory, Window", static row =>
        row.Name().Text(Used(row.Object, "cpu")).Text(Used(row.Object, "memory")).Text(row.Object.Text("window")));

    private static string Used(JsonElement metrics, string resource) => metrics.Get("containers").Exists()
        ? metrics.Items("containers").Aggregate(default(Quantity), (sum, c) => sum + Quantity.ParseOrZero(c.Get("usage").Text(resource))).ToString()
        : metrics.Get("usage").Text(resource);

    public static TableLayout PriorityClasses { get; } = new("Name, Value:integer, Global-Default:boolean, Age, PreemptionPolicy", static row =>
        row.Name().Number(row.Object.Number("value")).Flag(row.Object.Flag("globalDefault")).Age().Text(row.Object.Text("preemptionPolicy")));

    /// <remarks>Source: kube-aggregator, registry/apiservice ConvertToTable.</remarks>
    public static TableLayout ApiServices { get; } = new("Name, Service, Available, Age", static row =>
    {
        var service = row.Spec.Get("service");
        var available = row.Status.Items("conditions").FirstOrDefault(static c => c.Text("type") == "Available");
        var status = available.Text("status");
        row.Name().Text(service.Exists() ? $"{service.Text("namespace")}/{service.Text("name")}" : "Local")
            .Text(status.Length == 0 ? "Unknown" : status == "True" ? "True" : $"{status} ({available.Text("reason")})").Age();
    });

    public static TableLayout RuntimeClasses { get; } = new("Name, Handler, Age", static row => row.Name().Text(row.Object.Text("handler")).Age());

    /// <summary>Events of the core group and of events.k8s.io, which name the same facts differently.</summary>
    public static TableLayout Events { get; } = new(
        "Last Seen, Type, Reason, Object, Subobject*, Source*, Message, First Seen*, Count*, Name*", static row =>
        {
            var e = row.Object;
            var about = e.Get("involvedObject") is { ValueKind: JsonValueKind.Object } involved ? involved : e.Get("regarding");
            var first = Either(e, "firstTimestamp", "deprecatedFirstTimestamp") is { Length: > 0 } stamp ? stamp : e.Text("eventTime");
            var last = Either(e, "lastTimestamp", "deprecatedLastTimestamp") is { Length: > 0 } seen ? seen : first;
            var count = Math.Max(1, Math.Max(e.Number("count"), e.Number("deprecatedCount")));
            if (e.Get("series") is { ValueKind: JsonValueKind.Object } series)
            {
                last = series.Text("lastObservedTime");
                count = series.Number("count");
            }

            var kind = about.Text("kind").ToLowerInvariant();
            var name = about.Text("name");
            row.Text(row.Since(last)).Text(e.Text("type")).Text(e.Text("reason")).Text(name.Length > 0 ? $"{kind}/{name}" : kind)
                .Text(about.Text("fieldPath")).Text(Source(e)).Text(Either(e, "message", "note").Trim())
                .Text(row.Since(first)).Number(count).Name();
        });

    private static string NodeStatus(TableRow row)
    {
        var ready = row.Status.ConditionStatus("Ready");
        var text = ready.Length == 0 ? "Unknown" : ready == "True" ? "Ready" : "NotReady";
        return row.Spec.Flag("unschedulable") ? text + ",SchedulingDisabled" : text;
    }

    private static string Roles(JsonElement metadata)
    {
        var roles = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var label in metadata.Entries("labels"))
        {
            if (label.Name.StartsWith(RolePrefix, StringComparison.Ordinal) && label.Name.Length > RolePrefix.Length)
                roles.Add(label.Name[RolePrefix.Length..]);
            else if (label.Name == "kubernetes.io/role" && label.Value.Text().Length > 0)
                roles.Add(label.Value.Text());
        }
        return roles.Count == 0 ? "<none>" : string.Join(',', roles);
    }

    private static string Address(JsonElement status, string type)
    {
        foreach (var address in status.Items("addresses"))
            if (address.Text("type") == type) return address.Text("address");
        return "<none>";
    }

    private static string Source(JsonElement e)
    {
        var source = e.Get("source") is { ValueKind: JsonValueKind.Object } given ? given : e.Get("deprecatedSource");
        var component = source.Text("component") is { Length: > 0 } named ? named
            : Either(e, "reportingComponent", "reportingController");
        var host = source.Text("host") is { Length: > 0 } from ? from : e.Text("reportingInstance");
        return host.Length > 0 ? $"{component}, {host}" : component;
    }

    private static string Either(JsonElement e, string name, string otherName) =>
        e.Text(name) is { Length: > 0 } text ? text : e.Text(otherName);
}
