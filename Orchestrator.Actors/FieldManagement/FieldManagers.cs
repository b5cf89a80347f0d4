using System.Text;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>The names under which the parts of the control plane and clients own fields.</summary>
public static class FieldManagers
{
    /// <summary>Longest name of a manager (characters). Source: apimachinery, FieldManagerMaxLength.</summary>
    public const int LengthMax = 128;

    public const string ApiServer = "kube-apiserver";
    public const string ControllerManager = "kube-controller-manager";
    public const string Scheduler = "kube-scheduler";
    public const string Kubelet = "kubelet";

    /// <summary>Into this one old entries are merged when there are too many.</summary>
    internal const string AncientChanges = "ancient-changes";

    /// <summary>Owns what an object without any record had when it was first applied to.</summary>
    internal const string BeforeFirstApply = "before-first-apply";

    /// <summary>Whose applies take over what client-side apply did, and keep its annotation up to date.</summary>
    internal const string Kubectl = "kubectl";

    /// <summary>The name of a manager as a request gives it: written out, or the program of the user agent.</summary>
    /// <remarks>Source: k8s.io/apiserver, handlers/create.go managerOrUserAgent.</remarks>
    public static string OfRequest(string fieldManager, string userAgent)
    {
        if (fieldManager.Length > 0) return fieldManager;
        var end = userAgent.IndexOf('/', StringComparison.Ordinal);
        var program = end < 0 ? userAgent : userAgent[..end];
        if (program.Length <= LengthMax && !program.AsSpan().ContainsAnyExceptInRange(' ', '~')) return program;
        var name = new StringBuilder();
        foreach (var rune in program.EnumerateRunes())
        {
            if (!IsPrintable(rune)) continue;
            if (Encoding.UTF8.GetByteCount(name.ToString()) + rune.Utf8SequenceLength > LengthMax) break;
            name.Append(rune.ToString());
        }
        return name.ToString();
    }

    /// <summary>Why a name cannot be a manager's; null when it can.</summary>
    public static string? Fault(string fieldManager)
    {
        var column = 0;
        foreach (var rune in fieldManager.EnumerateRunes())
        {
            if (!IsPrintable(rune)) return $"invalid character U+{rune.Value:X4} (at position {column})";
            column += rune.Utf8SequenceLength;
        }
        return null;
    }

    // Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII blank.
    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || !(Rune.IsControl(rune) || Rune.IsWhiteSpace(rune) || Rune.GetUnicodeCategory(rune)
        is System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.OtherNotAssigned
        or System.Globalization.UnicodeCategory.PrivateUse or System.Globalization.UnicodeCategory.Surrogate);
}
