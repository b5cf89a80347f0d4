using System.Collections.Immutable;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Authorization;

/// <summary>One authorizer of the chain.</summary>
/// <param name="Type">Of <see cref="AuthorizationConfiguration.Types"/>.</param>
/// <param name="Name">Tells it apart from the others.</param>
/// <param name="Webhook">Of the type Webhook.</param>
public sealed record ConfiguredAuthorizer(string Type, string Name, AuthorizationWebhook? Webhook = null);

/// <summary>Who decides in which order, as an AuthorizationConfiguration of apiserver.config.k8s.io says; read, checked and compiled. Immutable.</summary>
/// <remarks>Source of the rules and their words: k8s.io/apiserver, pkg/apis/apiserver/validation; kube-apiserver, pkg/kubeapiserver/options/authorization.go.</remarks>
public sealed record AuthorizationConfiguration(ImmutableArray<ConfiguredAuthorizer> Authorizers)
{
    public const string Kind = "AuthorizationConfiguration";
    public const string WebhookType = "Webhook";

    /// <summary>The versions in which such a file may be written.</summary>
    public static ImmutableArray<string> Versions { get; } = ["v1", "v1beta1", "v1alpha1"];

    /// <summary>All types of authorizers. There is none of the type ABAC.</summary>
    public static ImmutableArray<string> Types { get; } = ["AlwaysAllow", "AlwaysDeny", "Node", "RBAC", WebhookType];

    public static ImmutableArray<string> DefaultTypes { get; } = ["Node", "RBAC"];

    /// <summary>What holds when nobody says otherwise.</summary>
    public static AuthorizationConfiguration Default { get; } = Of(DefaultTypes);

    /// <summary>The types other than Webhook.</summary>
    public ImmutableArray<string> OwnTypes => [.. Authorizers.Select(static a => a.Type).Where(static t => t != WebhookType)];

    /// <summary>The configuration that <c>--authorization-mode</c> stands for.</summary>
    /// <param name="types">In their order.</param>
    /// <param name="webhook">For the type Webhook.</param>
    public static AuthorizationConfiguration Of(IEnumerable<string> types, AuthorizationWebhook? webhook = null) =>
        new([.. types.Select(t => t == WebhookType ? new ConfiguredAuthorizer(t, "default", webhook) : new ConfiguredAuthorizer(t, NameOf(t)))]);

    /// <summary>Reads a tree of the schema <c>apiserver.AuthorizationConfiguration</c>. What is given back is of no use when there are faults.</summary>
    /// <param name="tree">The object.</param>
    /// <param name="faultOfFile">What keeps a file from being used as a kubeconfig; null when nothing does.</param>
    /// <param name="faults">Is told what is wrong.</param>
    public static AuthorizationConfiguration Read(JsonObject tree, Func<string, string?> faultOfFile, FaultList faults)
    {
        var path = FieldPath.Of("authorizers");
        if (tree.CountOf("authorizers") == 0) faults.Required(path, "at least one authorization mode must be defined");
        var authorizers = ImmutableArray.CreateBuilder<ConfiguredAuthorizer>();
        var (types, names) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        foreach (var (index, entry) in tree.Entries("authorizers"))
        {
            var here = path.Index(index);
            var type = JsonTree.String(entry, "type") ?? "";
            if (type.Length == 0) faults.Required(here.Child("type"));
            else if (!Types.Contains(type)) faults.NotSupported(here.Child("type"), type, Types);
            else if (!types.Add(type) && type != WebhookType) faults.Duplicate(here.Child("type"), type);
            else
            {
                var name = JsonTree.String(entry, "name") ?? "";
                CheckName(name, names, here.Child("name"), faults);
                authorizers.Add(new ConfiguredAuthorizer(type, name, ReadWebhook(entry, type, here, faultOfFile, faults)));
            }
        }
        return new AuthorizationConfiguration(authorizers.ToImmutable());
    }

    /// <summary>What this server asks of a configuration beyond its form; null when it is kept.</summary>
    /// <param name="required">Types that a configuration read while the server runs may not leave out.</param>
    /// <param name="known">Types other than Webhook that such a configuration may have; null for all.</param>
    public string? Unfit(ImmutableArray<string> required, ImmutableArray<string>? known = null)
    {
        var faults = Authorizers.Where(static a => a.Type != WebhookType && a.Name != NameOf(a.Type))
            .Select(static a => $"expected name {NameOf(a.Type)} for authorizer {a.Type} instead of {a.Name}").ToList();
        var missing = required.Except(OwnTypes).Order(StringComparer.Ordinal).ToList();
        if (missing.Count > 0) faults.Add($"missing required types: [{string.Join(' ', missing)}]");
        // The others cost nothing until they are asked.
        foreach (var type in OwnTypes)
            if (type is "Node" or "RBAC" && known is { } may && !may.Contains(type)) faults.Add($"authorizer type {type} is not allowed if it was not enabled at initial server startup");
        return faults.Count == 0 ? null : AuthorizerChain.Aggregate(faults);
    }

    private static string NameOf(string type) => type.ToLowerInvariant();

    private static void CheckName(string name, HashSet<string> names, FieldPath path, FaultList faults)
    {
        if (name.Length == 0) faults.Required(path);
        else if (!names.Add(name)) faults.Duplicate(path, name);
        else if (ObjectNames.Subdomain(name) is { } fault) faults.Invalid(path, name, $"authorizer name is invalid: {fault}");
    }

    private static AuthorizationWebhook? ReadWebhook(JsonObject entry, string type, FieldPath path, Func<string, string?> faultOfFile, FaultList faults)
    {
        var webhook = JsonTree.Object(entry, "webhook");
        if (type == WebhookType && webhook is not null) return AuthorizationWebhook.Read(webhook, path, faultOfFile, faults);
        if (type == WebhookType) faults.Required(path.Child("webhook"), "required when type=Webhook");
        else if (webhook is not null) faults.Invalid(path.Child("webhook"), "non-null", "may only be specified when type=Webhook");
        return null;
    }
}
