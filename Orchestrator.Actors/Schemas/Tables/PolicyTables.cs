using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>Who may do what: role bindings, certificates, admission and flow control.</summary>
internal static class PolicyTables
{
    public static TableLayout RoleBindings { get; } = new("Name, Role, Age, Users*, Groups*, ServiceAccounts*", static row =>
    {
        var role = row.Object.Get("roleRef");
        row.Name().Text($"{role.Text("kind")}/{role.Text("name")}").Age().Text(Subjects(row, "User")).Text(Subjects(row, "Group"))
            .Text(string.Join(", ", row.Object.Items("subjects").Where(static s => s.Text("kind") == "ServiceAccount")
                .Select(static s => $"{s.Text("namespace")}/{s.Text("name")}")));
    });

    public static TableLayout CertificateSigningRequests { get; } = new(
        "Name, Age, SignerName, Requestor, RequestedDuration, Condition", static row =>
        {
            var seconds = row.Spec.Number("expirationSeconds", -1);
            row.Name().Age().TextOr(row.Spec.Text("signerName"), "<none>").Text(row.Spec.Text("username"))
                .Text(seconds < 0 ? "<none>" : HumanDuration.Format(TimeSpan.FromSeconds(seconds))).Text(CertificateCondition(row.Status));
        });

    public static TableLayout Webhooks { get; } = new("Name, Webhooks:integer, Age", static row =>
        row.Name().Number(row.Object.Count("webhooks")).Age());

    public static TableLayout AdmissionPolicies { get; } = new("Name, Validations:integer, ParamKind, Age", static row =>
    {
        var kind = row.Spec.Get("paramKind");
        row.Name().Number(row.Spec.Count("validations")).Text(kind.Exists() ? $"{kind.Text("apiVersion")}/{kind.Text("kind")}" : "<unset>").Age();
    });

    public static TableLayout AdmissionPolicyBindings { get; } = new("Name, PolicyName, ParamRef, Age", static row =>
    {
        var reference = row.Spec.Get("paramRef");
        var text = !reference.Exists() ? "<unset>"
            : reference.Text("namespace") is { Length: > 0 } space ? $"{space}/{reference.Text("name")}"
            : $"*/{reference.Text("name")}";
        row.Name().Text(row.Spec.Text("policyName")).Text(text).Age();
    });

    public static TableLayout FlowSchemas { get; } = new(
        "Name, PriorityLevel, MatchingPrecedence:integer, DistinguisherMethod, Age, MissingPL", static row =>
        {
            var dangling = row.Status.ConditionStatus("Dangling");
            row.Name().Text(row.Spec.Get("priorityLevelConfiguration").Text("name")).Number(row.Spec.Number("matchingPrecedence"))
                .TextOr(row.Spec.Get("distinguisherMethod").Text("type"), "<none>").Age().TextOr(dangling, "?");
        });

    public static TableLayout PriorityLevels { get; } = new(
        "Name, Type, NominalConcurrencyShares, Queues, HandSize, QueueLengthLimit, Age", static row =>
        {
            var limited = row.Spec.Get("limited");
            var queuing = limited.Get("limitResponse", "queuing");
            row.Name().Text(row.Spec.Text("type"))
                .TextOr((limited.Exists() ? limited : row.Spec.Get("exempt")).Text("nominalConcurrencyShares"), "<none>")
                .TextOr(queuing.Text("queues"), "<none>").TextOr(queuing.Text("handSize"), "<none>")
                .TextOr(queuing.Text("queueLengthLimit"), "<none>").Age();
        });

    private static string Subjects(TableRow row, string kind) => string.Join(", ",
        row.Object.Items("subjects").Where(s => s.Text("kind") == kind).Select(static s => s.Text("name")));

    private static string CertificateCondition(JsonElement status)
    {
        var given = status.Items("conditions").Select(static c => c.Text("type")).ToHashSet(StringComparer.Ordinal);
        var parts = new List<string>();
        if (given.Contains("Approved")) parts.Add("Approved");
        if (given.Contains("Denied")) parts.Add("Denied");
        if (given.Contains("Failed")) parts.Add("Failed");
        if (parts.Count == 0) return "Pending";
        if (status.Text("certificate").Length > 0) parts.Add("Issued");
        return string.Join(',', parts);
    }
}
