using System.Collections.Immutable;
using System.Globalization;

namespace Orchestrator.Actors.Resources;

/// <summary>Reads the text form of a label selector: <c>a=b,c!=d,e in (f,g),h,!i,j>1</c>.</summary>
/// <remarks>Grammar and messages follow k8s.io/apimachinery, labels.Parse.</remarks>
internal ref struct LabelSelectorParser
{
    private readonly string _text;
    private int _at;
    private string? _fault;

    private LabelSelectorParser(string text) => _text = text;

    public static LabelSelector? Parse(string text, out string? fault)
    {
        var parser = new LabelSelectorParser(text);
        var requirements = parser.Requirements();
        fault = parser._fault;
        if (fault is not null) return null;
        return requirements.Count == 0 ? LabelSelector.Everything : new LabelSelector([.. requirements]);
    }

    private List<LabelRequirement> Requirements()
    {
        var found = new List<LabelRequirement>();
        SkipBlanks();
        if (_at == _text.Length) return found;
        while (_fault is null)
        {
            if (Requirement() is { } requirement) found.Add(requirement);
            if (_fault is not null) break;
            SkipBlanks();
            if (_at == _text.Length) return found;
            if (!Take(","))
            {
                _fault = $"unable to parse requirement: found '{Token()}', expected: ',' or 'end of string'";
                break;
            }
            SkipBlanks();
            if (_at == _text.Length) _fault = "unable to parse requirement: found '', expected: identifier after ','";
        }
        return found;
    }

    private LabelRequirement? Requirement()
    {
        SkipBlanks();
        var absent = Take("!");
        SkipBlanks();
        var key = Word();
        if (key.Length == 0)
        {
            _fault = $"unable to parse requirement: found '{Token()}', expected: !, identifier, or 'end of string'";
            return null;
        }
        SkipBlanks();
        if (!CheckKey(key)) return null;
        if (absent) return new LabelRequirement(key, LabelOperator.DoesNotExist, []);
        if (_at == _text.Length || _text[_at] == ',') return new LabelRequirement(key, LabelOperator.Exists, []);
        if (Take("==") || Take("=")) return One(key, LabelOperator.In);
        if (Take("!=")) return One(key, LabelOperator.NotIn);
        if (Take(">")) return One(key, LabelOperator.GreaterThan);
        if (Take("<")) return One(key, LabelOperator.LessThan);
        var start = _at;
        var word = Word();
        if (word is "in" or "notin") return Set(key, word == "in" ? LabelOperator.In : LabelOperator.NotIn);
        _at = start;
        _fault = $"unable to parse requirement: found '{Token()}', expected: in, notin, =, ==, !=, gt, lt";
        return null;
    }

    private LabelRequirement? One(string key, LabelOperator op)
    {
        SkipBlanks();
        var value = Word();
        if (value.Length == 0 && _at < _text.Length && _text[_at] != ',')
        {
            _fault = $"unable to parse requirement: found '{Token()}', expected: identifier";
            return null;
        }
        if (op is LabelOperator.GreaterThan or LabelOperator.LessThan
            && !long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            _fault = $"values[0]: Invalid value: {GoQuote.Quote(value)}: for 'Gt', 'Lt' operators, the value must be an integer";
            return null;
        }
        return CheckValue(key, value, 0) ? new LabelRequirement(key, op, [value]) : null;
    }

    private LabelRequirement? Set(string key, LabelOperator op)
    {
        SkipBlanks();
        if (!Take("("))
        {
            _fault = $"unable to parse requirement: found '{Token()}' expected: '('";
            return null;
        }
        var values = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        while (true)
        {
            SkipBlanks();
            var value = Word();
            if (!CheckValue(key, value, values.Count)) return null;
            values.Add(value);
            SkipBlanks();
            if (Take(")")) return new LabelRequirement(key, op, [.. values]);
            if (Take(",")) continue;
            _fault = $"unable to parse requirement: found '{Token()}', expected: ',' or ')'";
            return null;
        }
    }

    private bool CheckKey(string key)
    {
        if (ObjectNames.QualifiedName(key) is not { } fault) return true;
        _fault = $"unable to parse requirement: key: Invalid value: {GoQuote.Quote(key)}: {fault}";
        return false;
    }

    private bool CheckValue(string key, string value, int index)
    {
        if (ObjectNames.LabelValue(value) is not { } fault) return true;
        _fault = $"unable to parse requirement: values[{index.ToString(CultureInfo.InvariantCulture)}][{key}]: Invalid value: {GoQuote.Quote(value)}: {fault}";
        return false;
    }

    private string Word()
    {
        var start = _at;
        while (_at < _text.Length && !char.IsWhiteSpace(_text[_at]) && !"=!(),><".Contains(_text[_at], StringComparison.Ordinal)) _at++;
        return _text[start.._at];
    }

    /// <summary>What stands here, for a message.</summary>
    private string Token()
    {
        var word = Word();
        return word.Length > 0 || _at == _text.Length ? word : _text[_at].ToString();
    }

    private bool Take(string symbol)
    {
        if (string.CompareOrdinal(_text, _at, symbol, 0, symbol.Length) != 0) return false;
        _at += symbol.Length;
        return true;
    }

    private void SkipBlanks()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at])) _at++;
    }
}
