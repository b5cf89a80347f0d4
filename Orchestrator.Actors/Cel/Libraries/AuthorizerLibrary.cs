using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary>A question that an expression puts to the authorizer.</summary>
/// <param name="ServiceAccount">Who is asked about, as namespace and name; null for the user of the request.</param>
/// <param name="Path">Of a request for no resource; else empty.</param>
public sealed record CelAuthorizationCheck(
    (string Namespace, string Name)? ServiceAccount, string Path, string Group, string Resource, string Subresource, string Namespace, string Name, string Verb)
{
    /// <summary>Restrict what a list or watch may see; empty for none.</summary>
    public string FieldSelector { get; init; } = "";
    public string LabelSelector { get; init; } = "";
}

/// <param name="Reason">Why, as the authorizer says it.</param>
/// <param name="Error">What went wrong while deciding; null when nothing did.</param>
public sealed record CelAuthorizationDecision(bool Allowed, string Reason, string? Error);

/// <summary>Answers whether somebody may do something, for expressions that ask.</summary>
public interface ICelAuthorizer
{
    CelAuthorizationDecision Authorize(CelAuthorizationCheck check);
}

/// <summary>The variable <c>authorizer</c> and all that is built from it; immutable.</summary>
public sealed class CelAuthorizer : CelValue
{
    private readonly ICelAuthorizer _authorizer;
    private readonly CelAuthorizationCheck _check;

    private CelAuthorizer(CelType type, ICelAuthorizer authorizer, CelAuthorizationCheck check) => (Type, _authorizer, _check) = (type, authorizer, check);

    public static CelType AuthorizerType { get; } = CelType.Opaque("kubernetes.authorization.Authorizer");
    internal static CelType PathType { get; } = CelType.Opaque("kubernetes.authorization.PathCheck");
    internal static CelType GroupType { get; } = CelType.Opaque("kubernetes.authorization.GroupCheck");
    public static CelType ResourceType { get; } = CelType.Opaque("kubernetes.authorization.ResourceCheck");

    public override CelType Type { get; }

    /// <summary>The value of <c>authorizer</c>.</summary>
    public static CelAuthorizer Of(ICelAuthorizer authorizer) => new(AuthorizerType, authorizer, new CelAuthorizationCheck(null, "", "", "", "", "", "", ""));

    /// <summary>The value of <c>authorizer.requestResource</c>.</summary>
    public static CelAuthorizer OfResource(ICelAuthorizer authorizer, CelAuthorizationCheck check) => new(ResourceType, authorizer, check);

    internal CelAuthorizer With(CelType type, Func<CelAuthorizationCheck, CelAuthorizationCheck> change) => new(type, _authorizer, change(_check));

    internal CelDecision Check(string verb) => new(_authorizer.Authorize(_check with { Verb = verb }));

    public override bool SameAs(CelValue other) => other is CelAuthorizer a && a._check == _check && a.Type.Name == Type.Name;
}

internal sealed class CelDecision(CelAuthorizationDecision decision) : CelValue
{
    public static CelType DecisionType { get; } = CelType.Opaque("kubernetes.authorization.Decision");

    public CelAuthorizationDecision Decision => decision;

    public override CelType Type => DecisionType;

    public override bool SameAs(CelValue other) => other is CelDecision d && d.Decision == decision;
}

/// <summary>Checks of authorization.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/cel/library/authz.go.</remarks>
internal static class AuthorizerLibrary
{
    private const string Kind = "kubernetes.authorization.";

    public static CelLibrary Build()
    {
        var library = new CelLibrary()
            .AddType(Kind + "Authorizer", CelAuthorizer.AuthorizerType)
            .AddType(Kind + "PathCheck", CelAuthorizer.PathType)
            .AddType(Kind + "GroupCheck", CelAuthorizer.GroupType)
            .AddType(Kind + "ResourceCheck", CelAuthorizer.ResourceType)
            .AddType(Kind + "Decision", CelDecision.DecisionType)
            .Add($"{Kind}Authorizer.path(string) {Kind}PathCheck", static a => Text(a[1]).Length == 0
                ? new CelError("path must not be empty") : Of(a[0]).With(CelAuthorizer.PathType, c => c with { Path = Text(a[1]) }))
            .Add($"{Kind}Authorizer.group(string) {Kind}GroupCheck", static a => Of(a[0]).With(CelAuthorizer.GroupType, c => c with { Group = Text(a[1]) }))
            .Add($"{Kind}Authorizer.serviceAccount(string, string) {Kind}Authorizer",
                static a => Of(a[0]).With(CelAuthorizer.AuthorizerType, c => c with { ServiceAccount = (Text(a[1]), Text(a[2])) }))
            .Add($"{Kind}GroupCheck.resource(string) {Kind}ResourceCheck", static a => Text(a[1]).Length == 0
                ? new CelError("resource must not be empty") : Of(a[0]).With(CelAuthorizer.ResourceType, c => c with { Resource = Text(a[1]) }))
            .Add($"{Kind}Decision.allowed() bool", static a => CelBool.Of(Decision(a[0]).Allowed))
            .Add($"{Kind}Decision.reason() string", static a => new CelString(Decision(a[0]).Reason))
            .Add($"{Kind}Decision.errored() bool", static a => CelBool.Of(Decision(a[0]).Error is not null))
            .Add($"{Kind}Decision.error() string", static a => new CelString(Decision(a[0]).Error ?? ""));
        foreach (var kind in (string[])["PathCheck", "ResourceCheck"])
            library.Add($"{Kind}{kind}.check(string) {Kind}Decision", static a => Of(a[0]).Check(Text(a[1])), CelCostRule.Authorize);
        foreach (var (name, change) in ((string, Func<CelAuthorizationCheck, string, CelAuthorizationCheck>)[])
        [
            ("subresource", static (c, v) => c with { Subresource = v }), ("namespace", static (c, v) => c with { Namespace = v }),
            ("name", static (c, v) => c with { Name = v }), ("fieldSelector", static (c, v) => c with { FieldSelector = v }),
            ("labelSelector", static (c, v) => c with { LabelSelector = v }),
        ])
            library.Add($"{Kind}ResourceCheck.{name}(string) {Kind}ResourceCheck", a => Of(a[0]).With(CelAuthorizer.ResourceType, c => change(c, Text(a[1]))),
                name.EndsWith("Selector", StringComparison.Ordinal) ? CelCostRule.Selector : CelCostRule.Unit);
        return library;
    }

    private static CelAuthorizer Of(CelValue value) => (CelAuthorizer)value;

    private static CelAuthorizationDecision Decision(CelValue value) => ((CelDecision)value).Decision;

    private static string Text(CelValue value) => StandardLibrary.Text(value);
}
