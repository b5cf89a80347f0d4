using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Logging;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Certificates;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Host.ApiServer;
using Orchestrator.Host.Shell;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.Host.Processes;

/// <summary>What a member hosts, started in the order in which the parts need each other.</summary>
/// <param name="files">What the files about access say.</param>
public sealed partial class MemberParts(ActorSystem system, ProcessSettings settings, Configuration configuration, AccessFiles files, DataDirectory data, TimeProvider clock) : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _started = [];
    private readonly WebhookCaller _webhooks = new();
    private readonly ILoggerFactory _logs = LoggerFactory.Create(static b => b.AddSimpleConsole().SetMinimumLevel(LogLevel.Error)
        // It tells of no fault that the request pipeline does not tell of, and as long as it may, every request gets an Activity.
        .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None));

    private volatile bool _rolesMade;

    private string Remoting
    {
        get
        {
            var self = Cluster.Get(system).SelfAddress;
            return $"{self.Host}:{self.Port}";
        }
    }

    /// <summary>Starts everything; returns the line that tells the user so.</summary>
    /// <exception cref="StartException">A part cannot start.</exception>
    public async Task<string> StartAsync()
    {
        var registrySettings = configuration.Registry();
        var local = await OpenJournalAsync().ConfigureAwait(false);
        if (settings.ControlPlane) CertificateAuthorityActor.Start(system, clock);
        var authority = CertificateAuthorityActor.StartProxy(system);
        var certificates = new MemberCertificates(authority);
        var region = settings.ControlPlane
            ? await RegistryRegion.StartAsync(system, registrySettings, local, clock).ConfigureAwait(false)
            : await RegistryRegion.StartProxyAsync(system).ConfigureAwait(false);
        var registries = new RegistryClient(system, region, local, registrySettings);
        var catalog = new ServedCatalog();
        var access = new AccessParts(settings.Access, files, registries, authority, clock, _logs);
        var store = new ResourceStore(registries, () => catalog.Current, clock, admission: AdmissionPlugins.Build(settings.AdmissionPlugins,
            new AdmissionServices { Catalog = () => catalog.Current, Clock = clock, Webhooks = _webhooks, Authorizer = access.Control.AllowsAsync, Access = access.Control, PodSecurity = configuration.PodSecurity(), More = access.Plugins }))
        {
            Converter = new CustomResourceConverter(_webhooks, registries),
            ServiceRanges = settings.Services,
        };
        string? ready = null;
        if (settings.ControlPlane)
        {
            // Every control-plane member reaches the kubelet of a node by its name.
            if (!settings.Node) await KubeletRegion.StartProxyAsync(system).ConfigureAwait(false);
            catalog.Follow(system, registries);
            ready = await StartControlPlaneAsync(registries, local, catalog, store, certificates, access).ConfigureAwait(false);
        }
        if (settings.Node) _started.Add(await NodeParts.StartAsync(system, settings, access.Tokens, configuration.Kubelet(), store.Admitted, certificates, data, clock).ConfigureAwait(false));
        return ready ?? $"Ready, remoting {Remoting}. Node {settings.NodeName} has joined.";
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = _started.Count - 1; i >= 0; i--) await _started[i].DisposeAsync().ConfigureAwait(false);
        _webhooks.Dispose();
        _logs.Dispose();
    }

    /// <summary>Finds out whether this process alone writes to the journal. Of a database server's no one can know that for sure.</summary>
    private async Task<LocalRegistries> OpenJournalAsync()
    {
        if (!settings.ControlPlane || settings.Journal is JournalLocation.PostgreSql) return new LocalRegistries();
        var file = settings.Journal is JournalLocation.Sqlite sqlite ? sqlite.File : data.File("journal.db");
        var journal = await JournalLock.AcquireAsync(file, clock).ConfigureAwait(false);
        // Registries write until the system has ended, so until then nobody else is let in.
        _ = system.WhenTerminated.ContinueWith(_ => journal.Dispose(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        var local = new LocalRegistries(journal.Alone);
        journal.Follow(system, local);
        return local;
    }

    private async Task<string> StartControlPlaneAsync(
        RegistryClient registries, LocalRegistries local, ServedCatalog catalog, ResourceStore store, MemberCertificates certificates, AccessParts access)
    {
        var serving = certificates.ServerAsync(settings.Listen.Address, settings.Services.ApiServerAddress);
        var administrator = certificates.AdministratorAsync();
        var toNodes = certificates.KubeletClientAsync();
        var frontProxy = certificates.FrontProxyAsync();
        await BootstrapAsync(store).ConfigureAwait(false);
        var server = await serving.ConfigureAwait(false);
        var api = await StartApiServerAsync(store, access, server, await toNodes.ConfigureAwait(false), await frontProxy.ConfigureAwait(false)).ConfigureAwait(false);
        _started.Add(api);
        _started.Add(access);
        access.Start();
        await EnsureAsync(store, ResourceTypes.Services, BootstrapObjects.KubernetesService(settings.Services.ApiServerAddress, api.Url.Port)).ConfigureAwait(false);
        var admin = await administrator.ConfigureAwait(false);
        var kubeconfig = data.File("kubeconfig");
        Kubeconfig.Write(kubeconfig, Kubeconfig.Render(ReachableUrl(api.Url), admin.AuthorityPem, admin.CertificatePem, admin.KeyPem));
        var controllers = await ControlPlane.StartAsync(
            system, registries, store, type => local.Find(type) is not null,
            configuration.Controllers(Dns.GetHostName(), Environment.ProcessId) with { RootCertificatePem = server.AuthorityPem }, clock, access.Authority, api.RemoteContent).ConfigureAwait(false);
        var advertised = new IPEndPoint(await AdvertisedAsync(api.Url).ConfigureAwait(false), api.Url.Port);
        system.ActorOf(Props.Create(() => new ApiServerPresence(store, advertised, clock)), "api-server-presence");
        _ = EnsureRolesAsync(store);
        StartShell(api.Url, registries, catalog, controllers, admin);
        return $"Ready: {ReachableUrl(api.Url)}, remoting {Remoting}, kubeconfig {kubeconfig}. Try: kubectl --kubeconfig {kubeconfig} get nodes";
    }

    private async Task<ApiServerHost> StartApiServerAsync(ResourceStore store, AccessParts access, IssuedCertificate server, IssuedCertificate toNodes, IssuedCertificate frontProxy)
    {
        try
        {
            return await ApiServerHost.StartAsync(
                access.Complete(new ApiServerOptions
                {
                    Listen = settings.Listen,
                    ServerCertificate = server.Certificate,
                    ClientAuthorities = [server.Authority],
                    Authorizer = access.Control,
                    NodeClientCertificate = toNodes.Certificate,
                    FrontProxyCertificate = frontProxy.Certificate,
                    FrontProxyAuthority = frontProxy.Authority,
                    RequestsMax = settings.RequestsMax,
                    RequestTimeout = settings.RequestTimeout,
                    Audit = settings.Audit,
                    Checks = [new HealthCheck("poststarthook/rbac/bootstrap-roles", _ => ValueTask.FromResult(_rolesMade ? null : "not finished"))],
                    Components = [Component("scheduler", "scheduler"), Component("controller-manager", "controller-triggers")],
                }),
                store, clock, _logs).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new StartException(e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException
                ? $"The address {settings.Listen} is in use; stop the process that listens there or give another --listen."
                : $"The API server cannot listen on {settings.Listen}: {e.Message}", e);
        }
        catch (SocketException e)
        {
            throw new StartException($"The API server cannot listen on {settings.Listen}: {e.Message}", e);
        }
    }

    /// <summary>A part of the control plane is well when its actor in this process answers.</summary>
    private HealthCheck Component(string name, string actor) => new(name, async cancellationToken =>
    {
        var identity = await system.ActorSelection($"/user/{actor}").Ask<ActorIdentity>(new Identify(name), TimeSpan.FromSeconds(5), cancellationToken).ConfigureAwait(false);
        return identity.Subject is null ? $"{name} is not running" : null;
    });

    /// <summary>The address at which other machines reach a server that listens on all of them: that of remoting.</summary>
    private async Task<IPAddress> AdvertisedAsync(Uri url)
    {
        var listen = IPAddress.Parse(url.Host.Trim('[', ']'));
        if (!listen.Equals(IPAddress.Any) && !listen.Equals(IPAddress.IPv6Any)) return listen;
        var host = Cluster.Get(system).SelfAddress.Host ?? "";
        if (IPAddress.TryParse(host, out var address)) return address;
        var found = await Dns.GetHostAddressesAsync(host).ConfigureAwait(false);
        return found.FirstOrDefault(static a => a.AddressFamily == AddressFamily.InterNetwork) ?? found.FirstOrDefault() ?? IPAddress.Loopback;
    }

    /// <summary>The address that clients on this machine use when the server listens on all of them.</summary>
    private static string ReachableUrl(Uri url) =>
        IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            ? $"https://127.0.0.1:{url.Port}"
            : url.GetLeftPart(UriPartial.Authority);

    /// <summary>Makes the default roles beside the start, for masters need none; until then /readyz says so.</summary>
    private async Task EnsureRolesAsync(ResourceStore store)
    {
        while (true)
        {
            try
            {
                await DefaultRolesReconciler.RunAsync(store).ConfigureAwait(false);
                _rolesMade = true;
                return;
            }
            catch (Exception e) when (!system.WhenTerminated.IsCompleted)
            {
                // The registries may be moving at this moment; nobody but masters gets in meanwhile.
                LogRoles(_logs.CreateLogger<MemberParts>(), e);
                await Task.Delay(TimeSpan.FromSeconds(1), clock).ConfigureAwait(false);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The default roles could not be made; trying again")]
    private static partial void LogRoles(ILogger logger, Exception exception);

    private static async Task BootstrapAsync(ResourceStore store)
    {
        foreach (var name in BootstrapObjects.Namespaces)
            await EnsureAsync(store, ResourceTypes.Namespaces, BootstrapObjects.Namespace(name)).ConfigureAwait(false);
        foreach (var priority in BootstrapObjects.PriorityClasses())
            await EnsureAsync(store, ResourceTypes.PriorityClasses, priority).ConfigureAwait(false);
    }

    private static async Task EnsureAsync(ResourceStore store, ResourceType type, JsonObject tree)
    {
        var key = new ObjectKey((string?)tree["metadata"]!["namespace"] ?? "", (string)tree["metadata"]!["name"]!);
        if (await store.GetAsync(type, key).ConfigureAwait(false) is not null) return;
        var result = await store.CreateAsync(store.SchemaOf(type), key.Namespace, tree).ConfigureAwait(false);
        if (result.Error is { Reason: not "AlreadyExists" } error) throw new StartException($"{type} {key} cannot be made: {error.Message}");
    }

    private void StartShell(Uri url, RegistryClient registries, ServedCatalog catalog, ControlPlane controllers, IssuedCertificate admin)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.ClientCertificates = [admin.Certificate];
        handler.SslOptions.TargetHost = "kubernetes";
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { admin.Authority },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        var http = new HttpClient(handler) { BaseAddress = new Uri(ReachableUrl(url)), Timeout = Timeout.InfiniteTimeSpan };
        system.ActorOf(ShellActor.Props(new ShellCommands(new ShellApi(http, () => catalog.Current), registries, controllers.Region, system)), ShellActor.Name);
    }
}
