using System.Collections.Immutable;
using Orchestrator.Actors.Cel;
using Orchestrator.Actors.Cel.Libraries;
using Orchestrator.Actors.Cel.Types;

namespace Orchestrator.Actors.Admission.Policies;

/// <summary>The variables of expressions about requests: those of policies and the match conditions of webhooks.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/admission/plugin/cel/compile.go.</remarks>
public static class AdmissionEnvironment
{
    private static readonly CelType Texts = CelType.List(CelType.String);
    private static readonly CelType TextMap = CelType.Map(CelType.String, CelType.String);

    private static readonly CelType Kind = Fields("kubernetes.GroupVersionKind", ("group", CelType.String), ("version", CelType.String), ("kind", CelType.String));

    private static readonly CelType Resource = Fields("kubernetes.GroupVersionResource", ("group", CelType.String), ("version", CelType.String), ("resource", CelType.String));

    private static readonly CelType User = Fields("kubernetes.UserInfo",
        ("username", CelType.String), ("uid", CelType.String), ("groups", Texts), ("extra", CelType.Map(CelType.String, Texts)));

    private static readonly CelType Request = Fields("kubernetes.AdmissionRequest",
        ("kind", Kind), ("resource", Resource), ("subResource", CelType.String), ("requestKind", Kind), ("requestResource", Resource), ("requestSubResource", CelType.String),
        ("name", CelType.String), ("namespace", CelType.String), ("operation", CelType.String), ("userInfo", User), ("dryRun", CelType.Bool), ("options", CelType.Dyn));

    private static readonly CelType Namespace = Fields("kubernetes.Namespace",
        ("metadata", Fields("kubernetes.NamespaceMetadata",
            ("name", CelType.String), ("generateName", CelType.String), ("namespace", CelType.String), ("labels", TextMap), ("annotations", TextMap), ("UID", CelType.String),
            ("creationTimestamp", CelType.Timestamp), ("deletionGracePeriodSeconds", CelType.Int), ("deletionTimestamp", CelType.Timestamp), ("generation", CelType.Int),
            ("resourceVersion", CelType.String), ("finalizers", Texts))),
        ("spec", Fields("kubernetes.NamespaceSpec", ("finalizers", Texts))),
        ("status", Fields("kubernetes.NamespaceStatus", ("phase", CelType.String))));

    private static readonly CelEnvironment Plain = CelEnvironment.Kubernetes.With(
        ("object", CelType.Dyn), ("oldObject", CelType.Dyn), ("request", Request), ("namespaceObject", Namespace));

    private static readonly CelEnvironment Asking = Plain.With(
        ("authorizer", CelAuthorizer.AuthorizerType), ("authorizer.requestResource", CelAuthorizer.ResourceType));

    private static readonly CelEnvironment PlainWithParams = Plain.With(("params", CelType.Dyn));
    private static readonly CelEnvironment AskingWithParams = Asking.With(("params", CelType.Dyn));

    /// <param name="hasParams"><c>params</c> may be named.</param>
    /// <param name="hasAuthorizer"><c>authorizer</c> may be named; messages and annotations have none.</param>
    public static CelEnvironment Of(bool hasParams, bool hasAuthorizer) =>
        hasAuthorizer ? hasParams ? AskingWithParams : Asking : hasParams ? PlainWithParams : Plain;

    /// <summary>The environment with <c>variables</c>, whose fields are the named expressions of a policy.</summary>
    public static CelEnvironment WithVariables(CelEnvironment environment, ImmutableArray<(string Name, CelType Type)> variables) =>
        environment.With(("variables", CelType.Object("kubernetes.variables", name =>
        {
            foreach (var variable in variables)
                if (variable.Name == name) return variable.Type;
            return null;
        })));

    private static CelType Fields(string name, params (string Name, CelType Type)[] fields)
    {
        var byName = fields.ToDictionary(static f => f.Name, static f => f.Type, StringComparer.Ordinal);
        return CelType.Object(name, byName.GetValueOrDefault);
    }
}
