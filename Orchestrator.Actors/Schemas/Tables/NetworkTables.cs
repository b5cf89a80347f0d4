using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>Services, what stands behind them and what leads to them.</summary>
internal static class NetworkTables
{
    // How many endpoints or ports a cell spells out before it only counts the rest.
    private const int ShownMax = 3;

    public static TableLayout Services { get; } = new("Name, Type, Cluster-IP, External-IP, Port(s), Age, Selector*", static row =>
        row.Name().Text(row.Spec.Text("type")).TextOr(ClusterIp(row.Spec), "<none>").Text(ExternalIp(row.Spec, row.Status))
            .TextOr(ServicePorts(row.Spec), "<none>").Age().Text(row.Spec.Labels("selector")));

    public static TableLayout Endpoints { get; } = new("Name, Endpoints, Age", static row => row.Name().Text(Addresses(row.Object)).Age());

    public static TableLayout EndpointSlices { get; } = new("Name, AddressType, Ports, Endpoints, Age", static row =>
        row.Name().Text(row.Object.Text("addressType"))
            .Text(Shortened(row.Object.Items("ports").Select(SlicePort), row.Object.Count("ports")))
            .Text(Shortened(row.Object.Items("endpoints").SelectMany(static e => e.Items("addresses")).Select(static a => a.Text()),
                row.Object.Items("endpoints").Sum(static e => e.Count("addresses"))))
            .Age());

    public static TableLayout Ingresses { get; } = new("Name, Class, Hosts, Address, Ports, Age", static row =>
    {
        var hosts = row.Spec.Items("rules").Select(static r => r.Text("host")).Where(static h => h.Length > 0).ToList();
        var hostText = hosts.Count == 0 ? "*" : string.Join(',', hosts.Take(ShownMax));
        if (hosts.Count > ShownMax) hostText += $" + {hosts.Count - ShownMax} more...";
        row.Name().TextOr(row.Spec.Text("ingressClassName"), "<none>").Text(hostText).Text(LoadBalancer(row.Status))
            .Text(row.Spec.Count("tls") > 0 ? "80, 443" : "80").Age();
    });

    public static TableLayout IngressClasses { get; } = new("Name, Controller, Parameters, Age", static row =>
    {
        var parameters = row.Spec.Get("parameters");
        var group = parameters.Text("apiGroup");
        var text = !parameters.Exists() ? "<none>"
            : group.Length > 0 ? $"{parameters.Text("kind")}.{group}/{parameters.Text("name")}"
            : $"{parameters.Text("kind")}/{parameters.Text("name")}";
        row.Name().Text(row.Spec.Text("controller")).Text(text).Age();
    });

    public static TableLayout NetworkPolicies { get; } = new("Name, Pod-Selector, Age", static row =>
        row.Name().Text(row.Spec.Get("podSelector").LabelSelector()).Age());

    private static string ClusterIp(JsonElement spec)
    {
        foreach (var ip in spec.Items("clusterIPs")) return ip.Text();
        return spec.Text("clusterIP");
    }

    private static string ExternalIp(JsonElement spec, JsonElement status)
    {
        var external = spec.Joined("externalIPs");
        switch (spec.Text("type"))
        {
            case "ExternalName":
                return spec.Text("externalName");
            case "LoadBalancer":
                var balanced = LoadBalancer(status);
                if (external.Length > 0) return balanced.Length > 0 ? $"{balanced},{external}" : external;
                return balanced.Length > 0 ? balanced : "<pending>";
            default:
                return external.Length > 0 ? external : "<none>";
        }
    }

    private static string LoadBalancer(JsonElement status)
    {
        var ingress = status.Get("loadBalancer").Items("ingress")
            .Select(static i => i.Text("ip") is { Length: > 0 } ip ? ip : i.Text("hostname"))
            .Where(static a => a.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return string.Join(',', ingress);
    }

    private static string ServicePorts(JsonElement spec) => string.Join(',', spec.Items("ports").Select(static port =>
    {
        var node = port.Number("nodePort");
        var number = port.Number("port");
        return node > 0 ? $"{number}:{node}/{port.Text("protocol")}" : $"{number}/{port.Text("protocol")}";
    }));

    private static string Addresses(JsonElement endpoints)
    {
        if (endpoints.Count("subsets") == 0) return "<none>";
        var shown = new List<string>(ShownMax);
        var count = 0;
        foreach (var subset in endpoints.Items("subsets"))
        {
            // A headless service may have no ports, and each of its addresses then counts once.
            var ports = subset.Count("ports") == 0 ? [-1L] : subset.Items("ports").Select(static p => p.Number("port"));
            foreach (var port in ports)
                foreach (var address in subset.Items("addresses"))
                {
                    if (++count <= ShownMax) shown.Add(HostPort(address.Text("ip"), port));
                }
        }
        var text = string.Join(',', shown);
        return count > ShownMax ? $"{text} + {count - ShownMax} more..." : text;
    }

    private static string HostPort(string ip, long port)
    {
        if (port < 0) return ip;
        var number = port.ToString(CultureInfo.InvariantCulture);
        return ip.Contains(':', StringComparison.Ordinal) ? $"[{ip}]:{number}" : $"{ip}:{number}";
    }

    private static string SlicePort(JsonElement port)
    {
        if (port.Get("port").Exists()) return port.Text("port");
        return port.Get("name").Exists() ? port.Text("name") : "*";
    }

    private static string Shortened(IEnumerable<string> all, int count)
    {
        var text = string.Join(',', all.Take(ShownMax));
        if (count > ShownMax) return $"{text} + {count - ShownMax} more...";
        return text.Length == 0 ? "<unset>" : text;
    }
}
