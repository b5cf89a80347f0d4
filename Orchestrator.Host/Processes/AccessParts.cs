using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Microsoft.Extensions.Logging;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Admission.Plugins;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Registry;
using Orchestrator.Host.ApiServer;
using Orchestrator.Host.ApiServer.Configuration;

namespace Orchestrator.Host.Processes;

/// <summary>Who is let in and who may do what, put together from what the command line and its files say.</summary>
public sealed class AccessParts : IAsyncDisposable
{
    private readonly AccessSettings _settings;
    private readonly TimeProvider _clock;
    private readonly JwtTokens _jwt;
    private readonly List<ReloadedFile> _files = [];

    /// <exception cref="StartException">A file that a flag names cannot be used.</exception>
    public AccessParts(AccessSettings settings, IRegistries registries, IActorRef authority, TimeProvider clock, ILoggerFactory logs)
    {
        _settings = settings;
        _clock = clock;
        Authority = authority;
        Issuance = settings.ApiAudiences.IsEmpty
            ? new TokenIssuance { Issuer = settings.Issuer }
            : new TokenIssuance { Issuer = settings.Issuer, ApiAudiences = settings.ApiAudiences };
        var logger = logs.CreateLogger<ReloadedFile>();
        _jwt = StartAuthentication(logger);
        Control = StartAuthorization(registries, logger);
        Signer = new ClusterTokenSigner(authority);
        Tokens = new TokenRequests(registries, Signer, Issuance, new RandomIdentitySource(), clock);
        Plugins =
        [
            new RoleEscalation(Control), new CertificateApproval(Control.AllowsAsync), new CertificateSigning(Control.AllowsAsync), new CertificateSubjectRestriction(),
        ];
    }

    /// <summary>The owner of the cluster's private keys.</summary>
    public IActorRef Authority { get; }

    public AccessControl Control { get; }
    public ITokenSigner Signer { get; }
    public TokenIssuance Issuance { get; }

    /// <summary>Makes tokens of service accounts.</summary>
    public TokenRequests Tokens { get; }

    /// <summary>The admission plugins that decide by what a user may do.</summary>
    public ImmutableArray<IAdmissionPlugin> Plugins { get; }

    /// <summary>The files that are read again when they change.</summary>
    public IReadOnlyList<ReloadedFile> Files => _files;

    /// <summary>Adds what the API server needs to know.</summary>
    /// <exception cref="StartException">A file that a flag names cannot be used.</exception>
    public ApiServerOptions Complete(ApiServerOptions options) => options with
    {
        TokenFile = _settings.TokenAuthFile,
        Tokens = Tokens,
        TokenSigner = Signer,
        TokenIssuance = Issuance,
        TokenAuthenticators = _settings.TokenWebhookFile is { } file
            ? [_jwt, new WebhookTokens(Started("--authentication-token-webhook-config-file", file, static f => ReviewClient.OfKubeconfig(f)), _settings.TokenWebhookVersion, Issuance.ApiAudiences, _settings.TokenWebhookTtl, _clock)]
            : [_jwt],
        Anonymous = () => _jwt.Configuration.Anonymous ?? (_settings.Anonymous == true ? AnonymousAccess.Everywhere : AnonymousAccess.None),
        Reloads = [.. _files.Select(static f => f.Counts)],
        MoreClientAuthorities = Authorities("--client-ca-file", _settings.ClientCaFile) ?? [],
        FrontProxyAuthorities = Authorities("--requestheader-client-ca-file", _settings.FrontProxyCaFile) ?? [],
        FrontProxyNames = _settings.FrontProxyNames,
    };

    /// <summary>Looks at the files from now on.</summary>
    public void Start()
    {
        foreach (var file in _files) file.Start();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var file in _files) await file.DisposeAsync().ConfigureAwait(false);
    }

    private JwtTokens StartAuthentication(ILogger logger)
    {
        const string flag = "--authentication-config";
        var file = _settings.AuthenticationFile;
        // A configuration file says nothing of algorithms: any will do that a key of the issuer is for.
        var algorithms = file is null ? _settings.Algorithms : OidcTokens.AllAlgorithms;
        var jwt = new JwtTokens(issuer => new OidcTokens(issuer, algorithms, _clock));
        if (file is null)
        {
            jwt.Use(Started("--oidc-issuer-url", _settings.Authentication, tree => StructuredFile.Authentication(tree, [Issuance.Issuer])));
            return jwt;
        }
        var content = Started(flag, file, File.ReadAllBytes);
        jwt.Use(Started(flag, file, _ => ReadAuthentication(content)));
        Follow("authentication", file, content, (changed, cancellationToken) => jwt.ReplaceAsync(ReadAuthentication(changed), cancellationToken), logger);
        return jwt;
    }

    private AuthenticationConfiguration ReadAuthentication(byte[] content)
    {
        var configuration = StructuredFile.Authentication(content, [Issuance.Issuer]);
        return configuration.Anonymous is not null && _settings.Anonymous is not null
            ? throw new FormatException("--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file")
            : configuration;
    }

    private AccessControl StartAuthorization(IRegistries registries, ILogger logger)
    {
        const string flag = "--authorization-config";
        if (_settings.AuthorizationFile is not { } file)
            return Started("--authorization-webhook-config-file", _settings.Authorization, c => new AccessControl(c, registries, Webhook));
        var content = Started(flag, file, File.ReadAllBytes);
        var initial = Started(flag, file, _ => StructuredFile.Authorization(content, []));
        var control = Started(flag, file, _ => new AccessControl(initial, registries, Webhook));
        Follow("authorization", file, content, (changed, _) =>
        {
            control.Use(StructuredFile.Authorization(changed, initial.OwnTypes, initial.OwnTypes));
            return Task.CompletedTask;
        }, logger);
        return control;
    }

    private void Follow(string name, string file, byte[] content, Func<byte[], CancellationToken, Task> apply, ILogger logger) =>
        _files.Add(new ReloadedFile(Path.GetFullPath(file), content, apply, new ReloadCounts(name, Environment.MachineName), _clock, logger));

    /// <exception cref="FormatException">The service cannot be reached as its settings say.</exception>
    private WebhookAuthorizer Webhook(ConfiguredAuthorizer configured)
    {
        var webhook = configured.Webhook!;
        try
        {
            var client = webhook.KubeConfigFile is { } file
                ? ReviewClient.OfKubeconfig(file, webhook.Timeout)
                : ReviewClient.InCluster($"/apis/authorization.k8s.io/{webhook.Version}/subjectaccessreviews", webhook.Timeout);
            return new WebhookAuthorizer(client, webhook, _clock);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or FormatException)
        {
            throw new FormatException($"authorizer {configured.Name}: {webhook.KubeConfigFile} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Does a part of the start.</summary>
    /// <exception cref="StartException">What a flag names cannot be used.</exception>
    private static T Started<TFrom, T>(string flag, TFrom from, Func<TFrom, T> start)
    {
        try
        {
            return start(from);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or CryptographicException)
        {
            throw new StartException(from is string file ? $"{flag}: {file} cannot be used: {e.Message}" : $"{flag}: {e.Message}", e);
        }
    }

    /// <summary>The certificates of a PEM file; null for no file.</summary>
    private static X509Certificate2Collection? Authorities(string flag, string? file)
    {
        if (file is null) return null;
        try
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPemFile(file);
            return found.Count > 0 ? found : throw new StartException($"{flag}: {file} has no certificate.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new StartException($"{flag}: {file} cannot be read: {e.Message}", e);
        }
    }
}
