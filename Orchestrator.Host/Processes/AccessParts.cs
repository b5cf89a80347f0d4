using System.Collections.Immutable;
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
    private readonly AccessFiles _initial;
    private readonly TimeProvider _clock;
    private readonly List<ReloadedFile> _files = [];

    /// <param name="files">What the files of the settings said when the process started.</param>
    public AccessParts(AccessSettings settings, AccessFiles files, IRegistries registries, IActorRef authority, TimeProvider clock, ILoggerFactory logs)
    {
        _settings = settings;
        _initial = files;
        _clock = clock;
        Authority = authority;
        Control = new AccessControl(files.Authorization, registries, files.WebhookOf);
        FollowFiles(logs.CreateLogger<ReloadedFile>());
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
    public TokenIssuance Issuance => _initial.Issuance;

    /// <summary>Makes tokens of service accounts.</summary>
    public TokenRequests Tokens { get; }

    /// <summary>The admission plugins that decide by what a user may do.</summary>
    public ImmutableArray<IAdmissionPlugin> Plugins { get; }

    /// <summary>The files that are read again when they change.</summary>
    public IReadOnlyList<ReloadedFile> Files => _files;

    /// <summary>Adds what the API server needs to know.</summary>
    public ApiServerOptions Complete(ApiServerOptions options) => options with
    {
        StaticTokens = _initial.StaticTokens,
        Tokens = Tokens,
        TokenSigner = Signer,
        TokenIssuance = Issuance,
        TokenAuthenticators = _initial.TokenWebhook is { } webhook
            ? [_initial.Jwt, new WebhookTokens(webhook, _settings.TokenWebhookVersion, Issuance.ApiAudiences, _settings.TokenWebhookTtl, _clock)]
            : [_initial.Jwt],
        Anonymous = () => _initial.Jwt.Configuration.Anonymous ?? (_settings.Anonymous == true ? AnonymousAccess.Everywhere : AnonymousAccess.None),
        MoreMetrics = [text => _initial.Metrics.WriteTo(text, Control.Decisions), .. _files.Select(static f => (Action<System.Text.StringBuilder>)f.Counts.WriteTo)],
        MoreClientAuthorities = _initial.ClientAuthorities,
        FrontProxyAuthorities = _initial.FrontProxyAuthorities,
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

    private void FollowFiles(ILogger logger)
    {
        if (_initial.AuthenticationText is { } authentication)
            Follow("authentication", _settings.AuthenticationFile!, authentication,
                (changed, cancellationToken) => _initial.Jwt.ReplaceAsync(_initial.ReadAuthentication(changed), cancellationToken), logger);
        if (_initial.AuthorizationText is { } authorization)
            Follow("authorization", _settings.AuthorizationFile!, authorization, (changed, _) =>
            {
                var types = _initial.Authorization.OwnTypes;
                Control.Use(StructuredFile.Authorization(changed, types, types));
                return Task.CompletedTask;
            }, logger);
    }

    private void Follow(string name, string file, byte[] content, Func<byte[], CancellationToken, Task> apply, ILogger logger) =>
        _files.Add(new ReloadedFile(Path.GetFullPath(file), content, apply, new ReloadCounts(name, Environment.MachineName), _clock, logger));
}
