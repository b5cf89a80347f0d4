namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>Answers that are no stored objects but may be asked for as a Table.</summary>
public static class AnswerTables
{
    /// <summary>A Status.</summary>
    public static TableLayout Status { get; } = new("Status, Reason, Message", static row =>
        row.Text(row.Object.Text("status")).Text(row.Object.Text("reason")).Text(row.Object.Text("message")));

    /// <summary>A Scale.</summary>
    public static TableLayout Scale { get; } = new("Name, Desired:integer, Available:integer, Age", static row =>
        row.Name().Number(row.Spec.Number("replicas")).Number(row.Status.Number("replicas")).Age());
}
