using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>Gathers all faults of one object, in the words of k8s.io/apimachinery's field errors.</summary>
public sealed class FaultList
{
    /// <summary>What a fault of the object as a whole names for its field: there is no path, and Go shows that as nil.</summary>
    public const string Whole = "<nil>";

    /// <summary>Once the faults have this much text further ones are only counted (characters): every copy of an answer is as long, and an
    /// object of many small faults is told a hundred times its own size.</summary>
    private const int TextMax = 256 * 1024;

    private ImmutableArray<ErrorCause>.Builder? _causes;
    private int _text;
    private int _untold;

    /// <summary>Whether there is no fault.</summary>
    public bool IsEmpty => _causes is null;

    /// <summary>Faults that are let pass, and told all the same: of values that were faulty before and were not touched.</summary>
    public ImmutableArray<string> Warnings { get; private set; } = [];

    public ImmutableArray<ErrorCause> Causes => _causes switch
    {
        null => [],
        _ when _untold > 0 => [.. _causes, new ErrorCause("", "", string.Create(CultureInfo.InvariantCulture, $"{_untold} more faults were left out"))],
        _ => _causes.ToImmutable(),
    };

    public void Required(FieldPath path, string detail = "") =>
        Add("FieldValueRequired", path, "Required value", detail);

    /// <param name="value">The offending value as it is shown: a string, number, bool or JSON.</param>
    public void Invalid(FieldPath path, object? value, string detail) =>
        Add("FieldValueInvalid", path, $"Invalid value: {Show(value)}", detail);

    /// <summary>A value that is wrong as a whole, and is not shown.</summary>
    public void InvalidAsAWhole(FieldPath path, string detail) => Add("FieldValueInvalid", path, "Invalid value", detail);

    /// <summary>A text that must be a qualified name, with every rule that it breaks.</summary>
    /// <param name="name">What is checked, where it is not what is shown.</param>
    public void QualifiedName(FieldPath path, string value, string? name = null)
    {
        foreach (var fault in ObjectNames.QualifiedNameFaults(name ?? value)) Invalid(path, value, fault);
    }

    public void NotSupported(FieldPath path, object? value, IEnumerable<string> supported) =>
        Add("FieldValueNotSupported", path, $"Unsupported value: {Show(value)}",
            $"supported values: {string.Join(", ", supported.Select(s => Show(s)))}");

    public void Forbidden(FieldPath path, string detail) => Add("FieldValueForbidden", path, "Forbidden", detail);

    public void Duplicate(FieldPath path, object? value) => Add("FieldValueDuplicate", path, $"Duplicate value: {Show(value)}", "");

    public void NotFound(FieldPath path, object? value) => Add("FieldValueNotFound", path, $"Not found: {Show(value)}", "");

    public void TooLong(FieldPath path, int maxLength) =>
        Add("FieldValueTooLong", path, "Too long", $"may not be more than {maxLength.ToString(CultureInfo.InvariantCulture)} bytes");

    public void TooMany(FieldPath path, long actual, long max) =>
        Add("FieldValueTooMany", path, $"Too many: {actual.ToString(CultureInfo.InvariantCulture)}",
            $"must have at most {max.ToString(CultureInfo.InvariantCulture)} items");

    public void TypeInvalid(FieldPath path, object? value, string detail) =>
        Add("FieldValueTypeInvalid", path, $"Invalid value: {Show(value)}", detail);

    public void Internal(FieldPath path, string detail) => Add("InternalError", path, "Internal error", detail);

    /// <summary>Null when there is no fault; otherwise 422 Invalid with every one.</summary>
    public ApiError? ToError(string group, string kind, string name) =>
        _causes is null ? null : ApiError.Invalid(group, kind, name, Causes);

    public void Add(ErrorCause cause)
    {
        if (_text >= TextMax)
        {
            _untold++;
            return;
        }
        _text += cause.Field.Length + cause.Message.Length;
        (_causes ??= ImmutableArray.CreateBuilder<ErrorCause>()).Add(cause);
    }

    public void Warn(ErrorCause cause) => Warnings = Warnings.Add($"{cause.Field}: {cause.Message}");

    private void Add(string reason, FieldPath path, string message, string detail) =>
        Add(new ErrorCause(reason, ReferenceEquals(path, FieldPath.Root) ? Whole : path.ToString(), detail.Length == 0 ? message : $"{message}: {detail}"));

    private static string Show(object? value) => value switch
    {
        null => "null",
        string text => GoQuote.Quote(text),
        IEnumerable<string?> texts => GoSyntax.Of(texts),
        byte[] bytes => $"[]byte{{{string.Join(", ", bytes.Select(static b => $"0x{b.ToString("x", CultureInfo.InvariantCulture)}"))}}}",
        bool flag => flag ? "true" : "false",
        JsonNode node => JsonShow(node),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static string JsonShow(JsonNode node) =>
        JsonTree.IsString(node, out var text) ? GoQuote.Quote(text) : GoSyntax.Of(node) ?? JsonTree.ToText(node);
}
