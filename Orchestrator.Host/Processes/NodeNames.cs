namespace Orchestrator.Host.Processes;

/// <summary>Names of nodes are RFC 1123 subdomains, as Kubernetes has them.</summary>
public static class NodeNames
{
    private const int LengthMax = 253;

    public static bool IsValid(string name) =>
        name.Length is > 0 and <= LengthMax && Array.TrueForAll(name.Split('.'), IsLabel);

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-'
        && label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
