using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Admission.Webhooks;

/// <summary>The <c>clientConfig</c> of a webhook, of admission or of a conversion: a URL or a Service, and whom to trust.</summary>
public sealed record WebhookClientConfig
{
    private const int DefaultPort = 443;
    private const string ServiceNameLabel = "kubernetes.io/service-name";

    /// <summary>The URL; empty when a Service is meant.</summary>
    public string Url { get; init; } = "";

    public ObjectKey Service { get; init; }

    /// <summary>The port of the Service.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>The path on the Service, with a leading slash, or empty.</summary>
    public string Path { get; init; } = "";

    public ImmutableArray<byte> CaBundle { get; init; } = [];

    /// <summary>Why the bundle cannot be used; null when it can.</summary>
    public string? BundleFault { get; init; }

    public static WebhookClientConfig Read(JsonElement clientConfig)
    {
        var service = clientConfig.Get("service");
        var bundle = CertificateBundle.Decode(clientConfig.Text("caBundle"));
        return new WebhookClientConfig
        {
            Url = clientConfig.Text("url"),
            Service = new ObjectKey(service.Text("namespace"), service.Text("name")),
            Port = (int)service.Number("port", DefaultPort),
            Path = service.Text("path"),
            CaBundle = [.. bundle],
            BundleFault = CertificateBundle.FaultOf(bundle),
        };
    }

    /// <summary>Finds the address to ask, or tells why there is none.</summary>
    /// <param name="query">Without the question mark; empty for none.</param>
    public async ValueTask<(WebhookAddress? Address, string? Fault)> ResolveAsync(IRegistries registries, string query, CancellationToken cancellationToken)
    {
        if (BundleFault is not null) return (null, BundleFault);
        if (Url.Length > 0)
        {
            var separator = Url.Contains('?', StringComparison.Ordinal) ? "&" : "?";
            return Uri.TryCreate(query.Length == 0 ? Url : Url + separator + query, UriKind.Absolute, out var url)
                ? (new WebhookAddress(url, CaBundle), null)
                : (null, $"parse {GoQuote.Quote(Url)}: invalid URL");
        }
        var services = await registries.InformerAsync(ResourceTypes.Services, cancellationToken).ConfigureAwait(false);
        if (services.Get(Service) is not { } service) return (null, $"service {GoQuote.Quote(Service.Name)} not found");
        var target = new UriBuilder("https", $"{Service.Name}.{Service.Namespace}.svc", Port, Path) { Query = query }.Uri;
        using var document = JsonDocument.Parse(service.Json);
        var spec = document.RootElement.Get("spec");
        if (spec.Text("type") == "ExternalName")
            return (new WebhookAddress(target, CaBundle) { ConnectHost = spec.Text("externalName"), ConnectPort = Port }, null);
        JsonElement port = default;
        foreach (var candidate in spec.Items("ports"))
            if (candidate.Number("port") == Port) port = candidate;
        if (!port.Exists()) return (null, $"no service port {Port.ToString(CultureInfo.InvariantCulture)} found for service {GoQuote.Quote(Service.Name)}");
        var slices = await registries.InformerAsync(ResourceTypes.EndpointSlices, cancellationToken).ConfigureAwait(false);
        return ReadyEndpoint(slices, port.Text("name")) is { } endpoint
            ? (new WebhookAddress(target, CaBundle) { ConnectHost = endpoint.Host, ConnectPort = endpoint.Port }, null)
            : (null, $"no endpoints available for service {GoQuote.Quote(Service.Name)}");
    }

    private (string Host, int Port)? ReadyEndpoint(Informer slices, string portName)
    {
        var ready = new List<(string Host, int Port)>();
        foreach (var slice in slices.Objects.InNamespace(Service.Namespace))
        {
            if (slice.Meta.Labels.GetValueOrDefault(ServiceNameLabel) != Service.Name) continue;
            using var document = JsonDocument.Parse(slice.Json);
            var number = 0L;
            foreach (var port in document.RootElement.Items("ports"))
                if (port.Text("name") == portName) number = port.Number("port");
            if (number == 0) continue;
            foreach (var endpoint in document.RootElement.Items("endpoints"))
            {
                // An endpoint that does not say is ready.
                if (endpoint.Get("conditions", "ready").ValueKind == JsonValueKind.False) continue;
                foreach (var address in endpoint.Items("addresses")) ready.Add((address.Text(), (int)number));
            }
        }
        return ready.Count == 0 ? null : ready[Random.Shared.Next(ready.Count)];
    }
}
