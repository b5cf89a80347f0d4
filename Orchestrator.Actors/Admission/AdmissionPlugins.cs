using System.Collections.Frozen;
using System.Collections.Immutable;
using Orchestrator.Actors.Admission.Plugins;
using Orchestrator.Actors.Admission.PodSecurity;
using Orchestrator.Actors.Admission.Webhooks;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission;

/// <summary>Asks whether a user may do something; the answer of the authorizer that also decides about requests.</summary>
/// <param name="user">Who.</param>
/// <param name="verb">Such as <c>delete</c>.</param>
/// <param name="type">What, of any version.</param>
/// <param name="subresource">Empty for the object itself.</param>
/// <param name="key">Which; the name may be empty for all.</param>
/// <param name="cancellationToken">Ends the wait for what the authorizer reads.</param>
public delegate ValueTask<bool> AuthorizationCheck(
    UserInfo user, string verb, ResourceType type, string subresource, ObjectKey key, CancellationToken cancellationToken);

/// <summary>What plugins need from outside; a plugin whose part is missing is left out.</summary>
public sealed record AdmissionServices
{
    public Func<SchemaCatalog> Catalog { get; init; } = static () => SchemaCatalog.BuiltIn;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Reaches webhooks; null in tests that have none.</summary>
    public IWebhookCaller? Webhooks { get; init; }

    /// <summary>Null lets everyone do everything.</summary>
    public AuthorizationCheck? Authorizer { get; init; }

    /// <summary>Answers what expressions ask; null lets everyone do everything.</summary>
    public IAuthorizer? Access { get; init; }

    /// <summary>What the plugin PodSecurity does where labels say nothing, and what it leaves alone.</summary>
    public PodSecuritySettings PodSecurity { get; init; } = PodSecuritySettings.None;

    /// <summary>Plugins that are made elsewhere; each takes its place by its name.</summary>
    public ImmutableArray<IAdmissionPlugin> More { get; init; } = [];
}

/// <summary>The named admission plugins: their order, which are on, and how they are made.</summary>
/// <remarks>Source of names, order and defaults: kube-apiserver, pkg/kubeapiserver/options/plugins.go.</remarks>
public static class AdmissionPlugins
{
    private static readonly ImmutableArray<(string Name, bool On)> Known =
    [
        ("NamespaceLifecycle", true),
        ("NamespaceExists", false),
        // Ours: upstream has this check in the handler of custom resources, where it cannot be switched off.
        (DefinitionLifecycle.PluginName, true),
        (RoleEscalation.PluginName, true),
        ("LimitPodHardAntiAffinityTopology", false),
        ("LimitRanger", true),
        ("ServiceAccount", true),
        // Off in a bare kube-apiserver, but on in every cluster that kubeadm makes.
        ("NodeRestriction", true),
        ("TaintNodesByCondition", true),
        ("AlwaysPullImages", false),
        ("PodSecurity", true),
        ("PodNodeSelector", false),
        ("Priority", true),
        ("DefaultTolerationSeconds", true),
        ("PodTolerationRestriction", false),
        ("ExtendedResourceToleration", false),
        ("DefaultStorageClass", true),
        ("StorageObjectInUseProtection", true),
        ("OwnerReferencesPermissionEnforcement", false),
        ("PersistentVolumeClaimResize", true),
        ("RuntimeClass", true),
        ("CertificateApproval", true),
        ("CertificateSigning", true),
        ("CertificateSubjectRestriction", true),
        ("DefaultIngressClass", true),
        ("DenyServiceExternalIPs", false),
        ("MutatingAdmissionWebhook", true),
        ("ValidatingAdmissionPolicy", true),
        ("ValidatingAdmissionWebhook", true),
        ("ResourceQuota", true),
    ];

    private static readonly FrozenDictionary<string, int> Order =
        Known.Select(static (k, i) => KeyValuePair.Create(k.Name, i)).ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The names that may be switched, in order.</summary>
    public static IEnumerable<string> Names => Known.Select(static k => k.Name).Where(static n => n is not (DefinitionLifecycle.PluginName or RoleEscalation.PluginName));

    /// <summary>The names of the plugins that are on unless told otherwise.</summary>
    public static ImmutableHashSet<string> Default { get; } = [.. Known.Where(static k => k.On).Select(static k => k.Name)];

    /// <summary>The plugins that are on when some are switched, or one sentence about what is wrong.</summary>
    public static (ImmutableHashSet<string>? Enabled, string? Fault) Select(IReadOnlyCollection<string> enable, IReadOnlyCollection<string> disable)
    {
        foreach (var (flag, names) in ((string, IReadOnlyCollection<string>)[])[("--enable-admission-plugins", enable), ("--disable-admission-plugins", disable)])
            foreach (var name in names)
                if (!Names.Contains(name, StringComparer.Ordinal)) return (null, $"{flag} names the plugin \"{name}\", which is unknown; known are {string.Join(", ", Names)}.");
        if (enable.Intersect(disable, StringComparer.Ordinal).FirstOrDefault() is { } both)
            return (null, $"The admission plugin \"{both}\" is in both --enable-admission-plugins and --disable-admission-plugins.");
        return (Default.Union(enable).Except(disable), null);
    }

    /// <summary>The chain of the plugins that are on.</summary>
    public static AdmissionPipeline Build(ImmutableHashSet<string> enabled, AdmissionServices services)
    {
        var made = Make(services).Concat(services.More).Where(p => enabled.Contains(p.Name)).ToDictionary(static p => p.Name, StringComparer.Ordinal);
        return new AdmissionPipeline([.. made.Values.OrderBy(static p => Order[p.Name])]);
    }

    private static IEnumerable<IAdmissionPlugin> Make(AdmissionServices services)
    {
        yield return new NamespaceLifecycle();
        yield return new NamespaceExists();
        yield return new DefinitionLifecycle();
        yield return new LimitPodHardAntiAffinityTopology();
        yield return new LimitRanger();
        yield return new ServiceAccountDefault();
        yield return new NodeRestriction();
        yield return new TaintNodesByCondition();
        yield return new AlwaysPullImages();
        yield return new Plugins.PodSecurity(services.PodSecurity);
        yield return new PodNodeSelector();
        yield return new Priority();
        yield return new DefaultTolerationSeconds();
        yield return new PodTolerationRestriction();
        yield return new ExtendedResourceToleration();
        yield return new DefaultStorageClass();
        yield return new StorageObjectInUseProtection();
        if (services.Authorizer is { } authorizer) yield return new OwnerReferencesPermissionEnforcement(services.Catalog, authorizer);
        yield return new PersistentVolumeClaimResize();
        yield return new RuntimeClass();
        yield return new DefaultIngressClass();
        yield return new DenyServiceExternalIPs();
        if (services.Webhooks is { } caller)
        {
            yield return new MutatingAdmissionWebhook(caller, services.Catalog, services.Access);
            yield return new ValidatingAdmissionWebhook(caller, services.Catalog, services.Access);
        }
        yield return new ValidatingAdmissionPolicy(services.Catalog, services.Access, services.Webhooks);
        yield return new ResourceQuota(services.Clock);
    }
}
