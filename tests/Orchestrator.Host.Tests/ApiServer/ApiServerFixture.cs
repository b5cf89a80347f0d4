using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Admission;
using Orchestrator.Host.ApiServer;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>A real server on a port of its own, over in-memory registries, and clients with and without a certificate.</summary>
public class ApiServerFixture : IAsyncLifetime
{
    public const string Token = "secret-token";

    private readonly X509Certificate2 _authority = MakeAuthority();
    private ApiServerHost? _server;

    internal InMemoryRegistries Registries { get; } = new();
    public ResourceStore Store { get; private set; } = null!;
    public SchemaCatalog Catalog { get; set; } = SchemaCatalog.BuiltIn;

    /// <summary>Acts as a master by certificate.</summary>
    public HttpClient Admin { get; private set; } = null!;

    /// <summary>Shows nothing.</summary>
    public HttpClient Stranger { get; private set; } = null!;

    /// <summary>What went wrong inside.</summary>
    public CapturedFaults Faults { get; } = new();

    /// <summary>Answers for the nodes.</summary>
    public FakeNode Node { get; } = new();

    public Uri Url => _server!.Url;

    public ApiServerHost Host => _server!;

    public async Task InitializeAsync()
    {
        Store = MakeStore();
        var options = new ApiServerOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            ServerCertificate = Issue("CN=server", server: true),
            ClientAuthorities = [_authority],
            Authorizer = new AlwaysAllowAuthorizer(),
            StaticTokens = new StaticTokens(StaticTokens.Read([$"{Token},jane,uid-1,\"dev,ops\""])),
        };
        _server = await ApiServerHost.StartAsync(Configure(options), Store, TimeProvider.System, Faults, new HttpMessageInvoker(Node));
        Admin = Client(Issue("O=system:masters, CN=admin", server: false));
        Stranger = Client(null);
        foreach (var ns in (string[])["default", "other"])
            Assert.Equal(HttpStatusCode.Created, (await SendAsync(HttpMethod.Post, "/api/v1/namespaces", $$$"""{"metadata":{"name":"{{{ns}}}"}}""")).Code);
    }

    /// <summary>What a derived fixture wants to be otherwise.</summary>
    protected virtual ApiServerOptions Configure(ApiServerOptions options) => options;

    public async Task DisposeAsync()
    {
        Admin.Dispose();
        Stranger.Dispose();
        await _server!.DisposeAsync();
        _authority.Dispose();
    }

    protected virtual ResourceStore MakeStore() => new(Registries, () => Catalog, TimeProvider.System);

    public HttpClient Client(X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate?.Issuer == "CN=test-authority" } };
        if (certificate is not null)
        {
            handler.SslOptions.ClientCertificates = [certificate];
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        }
        return new HttpClient(handler) { BaseAddress = _server!.Url, Timeout = TimeSpan.FromSeconds(60) };
    }

    public X509Certificate2 ForeignCertificate()
    {
        using var authority = MakeAuthority();
        return Issue("CN=admin", server: false, authority);
    }

    public async Task<(HttpStatusCode Code, JsonNode? Json, HttpResponseHeaders Headers, string Text)> SendAsync(
        HttpMethod method, string path, string? body = null, string contentType = "application/json", string? accept = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await Admin.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        JsonNode? json = null;
        if (response.Content.Headers.ContentType?.MediaType == "application/json" && text.Length > 0) json = JsonNode.Parse(text);
        return (response.StatusCode, json, response.Headers, text);
    }

    public Task<(HttpStatusCode Code, JsonNode? Json, HttpResponseHeaders Headers, string Text)> GetAsync(string path, string? accept = null) =>
        SendAsync(HttpMethod.Get, path, accept: accept);

    public X509Certificate2 Issue(string subject, bool server, X509Certificate2? by = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(server ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false));
        using var certificate = request.Create(by ?? _authority, DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(120), RandomNumberGenerator.GetBytes(8));
        using var whole = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }

    public static X509Certificate2 MakeAuthority(string name = "CN=test-authority")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(130));
    }

    /// <summary>Answers what the server asks of a node, and remembers it.</summary>
    public sealed class FakeNode : HttpMessageHandler
    {
        public Func<HttpRequestMessage, HttpResponseMessage> Answer { get; set; } = _ => new HttpResponseMessage(HttpStatusCode.OK);
        public Uri? Asked { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked = request.RequestUri;
            return Task.FromResult(Answer(request));
        }
    }
}
