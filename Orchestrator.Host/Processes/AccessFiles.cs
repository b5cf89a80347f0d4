using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Host.ApiServer;
using Orchestrator.Host.ApiServer.Configuration;

namespace Orchestrator.Host.Processes;

/// <summary>What the files say that <see cref="AccessSettings"/> name, read and checked before the process has to do with any other.</summary>
public sealed class AccessFiles
{
    private readonly AccessSettings _settings;
    private readonly TimeProvider _clock;
    private readonly ImmutableDictionary<ConfiguredAuthorizer, IAuthorizer> _webhooks;

    private AccessFiles(AccessSettings settings, TimeProvider clock)
    {
        _settings = settings;
        _clock = clock;
        Issuance = settings.ApiAudiences.IsEmpty
            ? new TokenIssuance { Issuer = settings.Issuer }
            : new TokenIssuance { Issuer = settings.Issuer, ApiAudiences = settings.ApiAudiences };
        (Jwt, AuthenticationText) = StartAuthentication();
        (Authorization, AuthorizationText) = StartAuthorization();
        _webhooks = Started(settings.AuthorizationFile is null ? "--authorization-webhook-config-file" : "--authorization-config", Authorization,
            c => c.Authorizers.Where(static a => a.Webhook is not null).ToImmutableDictionary(static a => a, MakeWebhook));
        if (settings.TokenAuthFile is { } tokens)
            StaticTokens = Started("--token-auth-file", tokens, static f => new StaticTokens(StaticTokens.Read(File.ReadAllLines(f))));
        if (settings.TokenWebhookFile is { } webhook)
            TokenWebhook = Started("--authentication-token-webhook-config-file", webhook, static f => ReviewClient.OfKubeconfig(f));
        ClientAuthorities = Authorities("--client-ca-file", settings.ClientCaFile);
        FrontProxyAuthorities = Authorities("--requestheader-client-ca-file", settings.FrontProxyCaFile);
    }

    /// <summary>In whose name and for whom tokens of service accounts are issued.</summary>
    public TokenIssuance Issuance { get; }

    /// <summary>Believes the tokens of the issuers that the configuration or the flags name.</summary>
    public JwtTokens Jwt { get; }

    /// <summary>Counts what comes of tokens and of questions to services.</summary>
    public AccessMetrics Metrics { get; } = new();

    /// <summary>What <see cref="AccessSettings.AuthenticationFile"/> held; null where there is none.</summary>
    public byte[]? AuthenticationText { get; }

    public AuthorizationConfiguration Authorization { get; }

    /// <summary>What <see cref="AccessSettings.AuthorizationFile"/> held; null where there is none.</summary>
    public byte[]? AuthorizationText { get; }

    /// <summary>The tokens of <c>--token-auth-file</c>; null for none.</summary>
    public StaticTokens? StaticTokens { get; }

    /// <summary>The service that knows further tokens; null for none.</summary>
    public ReviewClient? TokenWebhook { get; }

    public X509Certificate2Collection ClientAuthorities { get; }
    public X509Certificate2Collection FrontProxyAuthorities { get; }

    /// <exception cref="StartException">A file that a flag names cannot be used; the message names the flag.</exception>
    public static AccessFiles Read(AccessSettings settings, TimeProvider clock) => new(settings, clock);

    /// <summary>Reads another content of the authentication file.</summary>
    /// <exception cref="FormatException">It is wrong.</exception>
    public AuthenticationConfiguration ReadAuthentication(byte[] content)
    {
        var configuration = StructuredFile.Authentication(content, [Issuance.Issuer]);
        return configuration.Anonymous is not null && _settings.Anonymous is not null
            ? throw new FormatException("--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file")
            : configuration;
    }

    /// <summary>Asks the service of an authorizer of the type Webhook.</summary>
    /// <exception cref="FormatException">The service cannot be reached as its settings say; not for those of <see cref="Authorization"/>, which were made at the start.</exception>
    public IAuthorizer WebhookOf(ConfiguredAuthorizer configured) => _webhooks.GetValueOrDefault(configured) ?? MakeWebhook(configured);

    private (JwtTokens Tokens, byte[]? Text) StartAuthentication()
    {
        const string flag = "--authentication-config";
        var file = _settings.AuthenticationFile;
        // A configuration file says nothing of algorithms: any will do that a key of the issuer is for.
        var algorithms = file is null ? _settings.Algorithms : OidcTokens.AllAlgorithms;
        var jwt = new JwtTokens(issuer => new OidcTokens(issuer, algorithms, _clock), Metrics);
        if (file is null) return (Started("--oidc-issuer-url", _settings.Authentication, tree => Using(jwt, StructuredFile.Authentication(tree, [Issuance.Issuer]))), null);
        var content = Started(flag, file, File.ReadAllBytes);
        return (Started(flag, file, _ => Using(jwt, ReadAuthentication(content))), content);
    }

    private static JwtTokens Using(JwtTokens tokens, AuthenticationConfiguration configuration)
    {
        tokens.Use(configuration);
        return tokens;
    }

    private (AuthorizationConfiguration Configuration, byte[]? Text) StartAuthorization()
    {
        const string flag = "--authorization-config";
        if (_settings.AuthorizationFile is not { } file) return (_settings.Authorization, null);
        var content = Started(flag, file, File.ReadAllBytes);
        return (Started(flag, file, _ => StructuredFile.Authorization(content, [])), content);
    }

    private IAuthorizer MakeWebhook(ConfiguredAuthorizer configured)
    {
        var webhook = configured.Webhook!;
        try
        {
            var client = webhook.KubeConfigFile is { } file
                ? ReviewClient.OfKubeconfig(file, webhook.Timeout)
                : ReviewClient.InCluster($"/apis/authorization.k8s.io/{webhook.Version}/subjectaccessreviews", webhook.Timeout);
            return new WebhookAuthorizer(client, webhook, _clock, configured.Name, Metrics);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or FormatException)
        {
            throw new FormatException($"authorizer {configured.Name}: {webhook.KubeConfigFile ?? "InClusterConfig"} cannot be used: {e.Message}", e);
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

    /// <summary>The certificates of a PEM file; none for no file.</summary>
    private static X509Certificate2Collection Authorities(string flag, string? file)
    {
        var found = new X509Certificate2Collection();
        if (file is null) return found;
        try
        {
            found.ImportFromPemFile(file);
            return found.Count > 0 ? found : throw new StartException($"{flag}: {file} has no certificate.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new StartException($"{flag}: {file} cannot be read: {e.Message}", e);
        }
    }
}
