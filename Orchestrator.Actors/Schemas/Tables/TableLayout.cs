using System.Collections.Immutable;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>Writes the cells of one object, one for each column of its layout and in their order.</summary>
internal delegate void RowPrinter(TableRow row);

/// <summary>A remark on a row, as <c>rows[].conditions</c> carries it: clients can hide what has finished.</summary>
internal sealed record RowCondition(string Type, string Reason, string Message);

/// <summary>The columns of a resource's Table, and how their cells follow from an object.</summary>
public sealed class TableLayout
{
    internal TableLayout(string columns, RowPrinter print) : this(TableColumn.ParseAll(columns), print)
    {
    }

    internal TableLayout(ImmutableArray<TableColumn> columns, RowPrinter print)
    {
        Columns = columns;
        Print = print;
    }

    public ImmutableArray<TableColumn> Columns { get; }

    internal RowPrinter Print { get; }

    internal Func<JsonElement, RowCondition?>? Condition { get; init; }

    /// <summary>What is shown of a resource that nothing more is known about.</summary>
    public static TableLayout Default { get; } = new("Name, Created At", static row => row.Name().Text(row.Object.Get("metadata").Text("creationTimestamp")));
}
