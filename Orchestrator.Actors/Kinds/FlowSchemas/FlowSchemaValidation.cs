using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.FlowSchemas;

/// <summary>The precedence of a schema, its level, and the requests that it means.</summary>
/// <remarks>Source: kubernetes pkg/apis/flowcontrol/validation.</remarks>
public sealed class FlowSchemaValidation : IKindValidation
{
    private const long PrecedenceMax = 10_000;

    private static readonly FieldPath Spec = FieldPath.Of("spec");
    private static readonly string[] Verbs =
        ["connect", "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch", "*"];

    public void ValidateCreate(JsonObject tree, FaultList faults)
    {
        if (JsonTree.Object(tree, "spec") is not { } spec) return;
        var precedence = JsonTree.Int64(spec, "matchingPrecedence") ?? 0;
        var path = Spec.Child("matchingPrecedence");
        if (precedence <= 0) faults.Invalid(path, precedence, "must be a positive value");
        if (precedence > PrecedenceMax) faults.Invalid(path, precedence, $"must not be greater than {PrecedenceMax}");
        if (precedence == 1 && FieldRules.NameOf(tree) != "exempt") faults.Invalid(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1");
        if (JsonTree.Object(spec, "distinguisherMethod") is { } method && JsonTree.String(method, "type") is var type and not ("ByNamespace" or "ByUser"))
            faults.NotSupported(Spec.Child("distinguisherMethod"), type ?? "", ["ByNamespace", "ByUser"]);
        if (JsonTree.Object(spec, "priorityLevelConfiguration") is { } level)
        {
            var name = FieldRules.Required(level, "name", Spec.Child("priorityLevelConfiguration"), faults, "must reference a priority level");
            if (name.Length > 0 && ObjectNames.Subdomain(name) is { } fault) faults.Invalid(Spec.Child("priorityLevelConfiguration").Child("name"), name, fault);
        }
        foreach (var (index, rule) in spec.Entries("rules")) ValidateRule(rule, Spec.Child("rules").Index(index), faults);
    }

    public void ValidateUpdate(JsonObject tree, JsonObject stored, string subresource, FaultList faults)
    {
    }

    private static void ValidateRule(JsonObject rule, FieldPath path, FaultList faults)
    {
        if (rule.CountOf("subjects") == 0) faults.Required(path.Child("subjects"), "subjects must contain at least one value");
        foreach (var (index, subject) in rule.Entries("subjects")) ValidateSubject(subject, path.Child("subjects").Index(index), faults);
        if (rule.CountOf("resourceRules") == 0 && rule.CountOf("nonResourceRules") == 0)
            faults.Required(path, "at least one of resourceRules and nonResourceRules has to be non-empty");
        foreach (var (index, resources) in rule.Entries("resourceRules")) ValidateResources(resources, path.Child("resourceRules").Index(index), faults);
        foreach (var (index, urls) in rule.Entries("nonResourceRules")) ValidateUrls(urls, path.Child("nonResourceRules").Index(index), faults);
    }

    private static void ValidateSubject(JsonObject subject, FieldPath path, FaultList faults)
    {
        var kind = JsonTree.String(subject, "kind") ?? "";
        var wanted = kind switch { "Group" => "group", "ServiceAccount" => "serviceAccount", "User" => "user", _ => null };
        if (wanted is null)
        {
            faults.NotSupported(path.Child("kind"), kind, ["Group", "ServiceAccount", "User"]);
            return;
        }
        foreach (var name in (ReadOnlySpan<string>)["user", "group", "serviceAccount"])
            if (name != wanted && subject[name] is not null) faults.Forbidden(path.Child(name), $"{name} is forbidden when subject kind is not '{char.ToUpperInvariant(name[0])}{name[1..]}'");
        if (JsonTree.Object(subject, wanted) is not { } given)
        {
            faults.Required(path.Child(wanted), $"{wanted} is required when subject kind is '{kind}'");
            return;
        }
        var here = path.Child(wanted);
        var named = FieldRules.Required(given, "name", here, faults);
        if (wanted != "serviceAccount") return;
        if (named.Length > 0 && named != "*" && ObjectNames.Subdomain(named) is { } fault) faults.Invalid(here.Child("name"), named, fault);
        var space = FieldRules.Required(given, "namespace", here, faults);
        if (space.Length > 0 && ObjectNames.Label(space) is { } wrong) faults.Invalid(here.Child("namespace"), space, wrong);
    }

    private static void ValidateResources(JsonObject rule, FieldPath path, FaultList faults)
    {
        ValidateVerbs(rule, path, faults);
        Star(rule, "apiGroups", "resource rules must supply at least one api group", "if '*' is present, must not specify other api groups", path, faults);
        Star(rule, "resources", "resource rules must supply at least one resource", "if '*' is present, must not specify other resources", path, faults);
        if (rule.CountOf("namespaces") == 0)
        {
            if (JsonTree.Bool(rule, "clusterScope") != true)
                faults.Required(path.Child("namespaces"), "resource rules that are not cluster scoped must supply at least one namespace");
            return;
        }
        Star(rule, "namespaces", "", "if '*' is present, must not specify other namespaces", path, faults);
        var spaces = rule.Texts("namespaces");
        for (var i = 0; i < spaces.Length; i++)
            if (spaces[i] != "*" && ObjectNames.Label(spaces[i]) is { } fault) faults.Invalid(path.Child("namespaces").Index(i), spaces[i], $"nor a valid namespace: {fault}");
    }

    private static void ValidateUrls(JsonObject rule, FieldPath path, FaultList faults)
    {
        ValidateVerbs(rule, path, faults);
        Star(rule, "nonResourceURLs", "nonResourceURLs must contain at least one value", "if '*' is present, must not specify other non-resource URLs", path, faults);
        var urls = rule.Texts("nonResourceURLs");
        for (var i = 0; i < urls.Length; i++)
        {
            var here = path.Child("nonResourceURLs").Index(i);
            var url = urls[i];
            if (url is "*" or "/") continue;
            if (url.Length == 0 || url[0] != '/') faults.Invalid(here, url, "must start with slash");
            else if (url.Contains(' ', StringComparison.Ordinal)) faults.Invalid(here, url, "must not contain white-space");
            else if (url.Contains("//", StringComparison.Ordinal)) faults.Invalid(here, url, "must not contain double slash");
            else if (url.IndexOf('*', StringComparison.Ordinal) is >= 0 and var star && (star != url.Length - 1 || url[star - 1] != '/'))
                faults.Invalid(here, url, "wildcard can only do suffix matching");
        }
    }

    private static void ValidateVerbs(JsonObject rule, FieldPath path, FaultList faults)
    {
        Star(rule, "verbs", "verbs must contain at least one value", "if '*' is present, must not specify other verbs", path, faults);
        if (rule.Texts("verbs").Any(static v => !Verbs.Contains(v, StringComparer.Ordinal) && v is not ("head" or "options" or "post" or "put")))
            faults.NotSupported(path.Child("verbs"), rule["verbs"], Verbs);
    }

    private static void Star(JsonObject rule, string name, string required, string alone, FieldPath path, FaultList faults)
    {
        var values = rule.Texts(name);
        if (values.Length == 0) faults.Required(path.Child(name), required);
        else if (values.Length > 1 && values.Contains("*", StringComparer.Ordinal)) faults.Invalid(path.Child(name), rule[name], alone);
    }
}
