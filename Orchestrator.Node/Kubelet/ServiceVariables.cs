using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Node.Kubelet;

/// <summary>The variables that tell a container of the services: <c>NAME_SERVICE_HOST</c>, <c>NAME_SERVICE_PORT</c> and the older link form.</summary>
public static class ServiceVariables
{
    public static IEnumerable<KeyValuePair<string, string>> For(PodManifest pod, IConfigSource source)
    {
        // The API server is told of in every namespace and whatever enableServiceLinks says.
        var own = pod.EnableServiceLinks ? source.Services(pod.Meta.Namespace) : [];
        var services = own.Concat(source.Services("default").Where(s => s.Key.Name == "kubernetes"))
            .DistinctBy(s => s.Key.Name, StringComparer.Ordinal)
            .OrderBy(s => s.Key.Name, StringComparer.Ordinal);
        foreach (var service in services)
        {
            using var document = JsonDocument.Parse(service.Json);
            foreach (var variable in Of(service.Key.Name, document.RootElement.At("spec"))) yield return variable;
        }
    }

    private static List<KeyValuePair<string, string>> Of(string service, JsonElement spec)
    {
        var variables = new List<KeyValuePair<string, string>>();
        var ip = spec.Text("clusterIP");
        var ports = spec.Items("ports").ToList();
        if (ip.Length == 0 || ip == "None" || ports.Count == 0) return variables;

        var prefix = Upper(service);
        void Add(string name, string value) => variables.Add(KeyValuePair.Create(name, value));
        Add($"{prefix}_SERVICE_HOST", ip);
        Add($"{prefix}_SERVICE_PORT", ports[0].Text("port"));
        foreach (var port in ports)
            if (port.Text("name") is { Length: > 0 } name) Add($"{prefix}_SERVICE_PORT_{Upper(name)}", port.Text("port"));
        for (var i = 0; i < ports.Count; i++)
        {
            var protocol = ports[i].Text("protocol", "TCP");
            var number = ports[i].Text("port");
            var url = string.Create(CultureInfo.InvariantCulture, $"{protocol.ToLowerInvariant()}://{ip}:{number}");
            var link = $"{prefix}_PORT_{number}_{protocol.ToUpperInvariant()}";
            if (i == 0) Add($"{prefix}_PORT", url);
            Add(link, url);
            Add($"{link}_PROTO", protocol.ToLowerInvariant());
            Add($"{link}_PORT", number);
            Add($"{link}_ADDR", ip);
        }
        return variables;
    }

    private static string Upper(string name) => name.ToUpperInvariant().Replace('-', '_');
}
