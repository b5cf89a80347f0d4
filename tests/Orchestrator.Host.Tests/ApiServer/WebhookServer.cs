using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>A webhook behind real TLS on a port of its own; the path chooses what it answers.</summary>
internal sealed class WebhookServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WebhookServer(WebApplication app, Uri url, string caBundle)
    {
        _app = app;
        Url = url;
        CaBundle = caBundle;
    }

    public Uri Url { get; }

    /// <summary>The authority, as configurations carry it.</summary>
    public string CaBundle { get; }

    /// <summary>The requests of the reviews that came, in order.</summary>
    public List<JsonObject> Asked { get; } = [];

    /// <summary>What the paths answer: the response of the review without its uid, or an action on the raw answer.</summary>
    public Dictionary<string, Func<JsonObject, JsonObject>> Answers { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, Func<HttpContext, Task>> Raw { get; } = new(StringComparer.Ordinal);

    public static async Task<WebhookServer> StartAsync()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=webhook", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("hook.default.svc");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(120));
        var serving = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(serving)));
        var app = builder.Build();
        WebhookServer? server = null;
        app.Run(context => server!.HandleAsync(context));
        await app.StartAsync();
        var url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return server = new WebhookServer(app, url, Convert.ToBase64String(Encoding.ASCII.GetBytes(certificate.ExportCertificatePem())));
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (Raw.TryGetValue(path, out var raw))
        {
            await raw(context);
            return;
        }
        var review = JsonNode.Parse(await new StreamReader(context.Request.Body).ReadToEndAsync())!.AsObject();
        var request = review["request"]!.AsObject();
        JsonObject response;
        lock (Asked)
        {
            Asked.Add(request);
            response = Answers[path](request);
        }
        response["uid"] ??= (string?)request["uid"];
        var answer = new JsonObject { ["apiVersion"] = (string?)review["apiVersion"], ["kind"] = (string?)review["kind"], ["response"] = response };
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString());
    }
}
