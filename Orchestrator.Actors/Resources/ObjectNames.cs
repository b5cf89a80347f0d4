using System.Buffers;

namespace Orchestrator.Actors.Resources;

/// <summary>The rules for names, labels and their like. Each returns null, or the fault in upstream's words.</summary>
/// <remarks>Source: k8s.io/apimachinery, util/validation. Hand-written because they run for every object.</remarks>
public static class ObjectNames
{
    public const int SubdomainLengthMax = 253;
    public const int LabelLengthMax = 63;

    private const string LabelFormat = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private const string NameFormat = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
    private static readonly SearchValues<char> SubdomainChars = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-.");
    private static readonly SearchValues<char> LabelChars = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");
    private static readonly SearchValues<char> HeaderChars = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    private static readonly SearchValues<char> NameChars = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    private const string SubdomainFault =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character " +
        $"(e.g. 'example.com', regex used for validation is '{LabelFormat}(\\.{LabelFormat})*')";

    private const string LabelFault =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character " +
        $"(e.g. 'my-name',  or '123-abc', regex used for validation is '{LabelFormat}')";

    private const string Label1035Fault =
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character " +
        "(e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

    private const string NamePartFault =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
        $"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{NameFormat}')";

    private const string QualifiedFault =
        "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
        $"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{NameFormat}') " +
        "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";

    private const string LabelValueFault =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
        "(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    public static string? Subdomain(ReadOnlySpan<char> name)
    {
        if (name.Length > SubdomainLengthMax) return TooLong(SubdomainLengthMax);
        if (name.IsEmpty || name.ContainsAnyExcept(SubdomainChars)) return SubdomainFault;
        var start = 0;
        for (var i = 0; i <= name.Length; i++)
        {
            if (i < name.Length && name[i] != '.') continue;
            if (i == start || name[start] == '-' || name[i - 1] == '-') return SubdomainFault;
            start = i + 1;
        }
        return null;
    }

    public static string? Label(ReadOnlySpan<char> name)
    {
        if (name.Length > LabelLengthMax) return TooLong(LabelLengthMax);
        if (!name.IsEmpty && !name.ContainsAnyExcept(LabelChars) && name[0] != '-' && name[^1] != '-') return null;
        // What is a subdomain and no label has dots.
        return Subdomain(name) is null ? "must not contain dots" : LabelFault;
    }

    public static string? Label1035(ReadOnlySpan<char> name)
    {
        if (name.Length > LabelLengthMax) return TooLong(LabelLengthMax);
        return name.IsEmpty || name.ContainsAnyExcept(LabelChars) || !char.IsAsciiLetterLower(name[0]) || name[^1] == '-' ? Label1035Fault : null;
    }

    /// <summary>A name that is used as one segment of a URL.</summary>
    public static string? PathSegment(string name)
    {
        if (name is "." or "..") return $"may not be '{name}'";
        if (name.Contains('/', StringComparison.Ordinal)) return "may not contain '/'";
        if (name.Contains('%', StringComparison.Ordinal)) return "may not contain '%'";
        // Upstream allows it, but most servers and proxies let no such path through, so nobody could reach the object.
        return name.Contains('\0', StringComparison.Ordinal) ? "may not contain a null character" : null;
    }

    /// <summary>Every rule that a qualified name breaks; none when it is one.</summary>
    public static IReadOnlyList<string> QualifiedNameFaults(string text)
    {
        if (QualifiedName(text) is null) return [];
        var faults = new List<string>();
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var name = text[(slash + 1)..];
        if (name.Contains('/', StringComparison.Ordinal)) return [QualifiedFault];
        if (slash == 0) faults.Add("prefix part must be non-empty");
        else if (slash > 0 && Subdomain(text.AsSpan(0, slash)) is { } prefix) faults.Add("prefix part " + prefix);
        if (name.Length == 0) faults.Add("name part must be non-empty");
        else if (name.Length > LabelLengthMax) faults.Add("name part " + TooLong(LabelLengthMax));
        if (name.Length == 0 || !IsName(name)) faults.Add(NamePartFault);
        return faults;
    }

    /// <summary>A key of a label or of an annotation: <c>[prefix/]name</c>; the first fault, or null.</summary>
    public static string? QualifiedName(ReadOnlySpan<char> name)
    {
        var slash = name.IndexOf('/');
        if (slash >= 0)
        {
            var prefix = name[..slash];
            if (prefix.IsEmpty) return "prefix part must be non-empty";
            if (Subdomain(prefix) is { } fault) return "prefix part " + fault;
            name = name[(slash + 1)..];
            if (name.Contains('/')) return QualifiedFault;
        }
        if (name.IsEmpty) return "name part must be non-empty; " + NamePartFault;
        if (name.Length > LabelLengthMax) return "name part " + TooLong(LabelLengthMax);
        return IsName(name) ? null : NamePartFault;
    }

    public static string? LabelValue(ReadOnlySpan<char> value)
    {
        if (value.Length > LabelLengthMax) return TooLong(LabelLengthMax);
        return value.IsEmpty || IsName(value) ? null : LabelValueFault;
    }

    /// <summary>A key of the data of a ConfigMap or Secret.</summary>
    public static string? ConfigKey(string key)
    {
        if (key.Length > SubdomainLengthMax) return TooLong(SubdomainLengthMax);
        if (key.Length == 0 || key.AsSpan().ContainsAnyExcept(NameChars))
            return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' " +
                "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
        if (key == ".") return "must not be '.'";
        return key.StartsWith("..", StringComparison.Ordinal) ? (key == ".." ? "must not be '..'" : "must not start with '..'") : null;
    }

    /// <summary>A name of an environment variable, relaxed as of Kubernetes 1.32: printable ASCII without '='.</summary>
    public static string? EnvironmentName(string name)
    {
        foreach (var c in name)
            if (c is '=' or < ' ' or > '~') return "a valid environment variable name must consist only of printable ASCII characters other than '='";
        return name.Length == 0 ? "environment variable name must be non-empty" : null;
    }

    /// <summary>A name of a header of HTTP.</summary>
    public static string? HeaderName(string name) => name.Length > 0 && !name.AsSpan().ContainsAnyExcept(HeaderChars)
        ? null
        : "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

    /// <summary>A name of a port: an IANA service name.</summary>
    public static string? PortName(string name)
    {
        if (name.Length > 15) return TooLong(15);
        if (name.AsSpan().ContainsAnyExcept(LabelChars))
            return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
        if (!name.AsSpan().ContainsAnyInRange('a', 'z')) return "must contain at least one letter (a-z)";
        if (name.Contains("--", StringComparison.Ordinal)) return "must not contain consecutive hyphens";
        return name[0] == '-' || name[^1] == '-' ? "must not begin or end with a hyphen" : null;
    }

    public static string TooLong(int max) => $"must be no more than {max.ToString(System.Globalization.CultureInfo.InvariantCulture)} characters";

    private static bool IsName(ReadOnlySpan<char> name) =>
        !name.ContainsAnyExcept(NameChars) && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1]);
}
