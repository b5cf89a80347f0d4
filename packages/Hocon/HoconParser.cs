namespace Hocon;

/// <summary>Reads HOCON: objects, arrays, concatenation, +=, substitutions, includes, comments and triple quotes.</summary>
public static class HoconParser
{
    /// <summary>Parses a text without a place for includes of files to be relative to; they are taken from the current folder.</summary>
    /// <exception cref="HoconParserException">The text is not HOCON, or a required substitution has no value.</exception>
    public static HoconRoot Parse(string text) => Parse(text, null);

    /// <summary>Parses a text; the callback gives the text of each include.</summary>
    public static HoconRoot Parse(string text, HoconIncludeCallbackAsync includeCallback) =>
        Build(text, null, includeCallback is null
            ? new IncludeSource(Environment.CurrentDirectory)
            : new IncludeSource(includeCallback));

    internal static HoconRoot ParseFile(string path) =>
        Build(File.ReadAllText(path), path, new IncludeSource(Path.GetDirectoryName(path)));

    private static HoconRoot Build(string text, string origin, IncludeSource includes)
    {
        if (string.IsNullOrWhiteSpace(text)) return new HoconRoot(new HoconValue(new HoconObject()));
        var reader = new DocumentReader(text, origin, includes, [], 0);
        var document = reader.ReadDocument();
        return new HoconRoot(document is ObjectNode o
            ? new Resolver(o).Resolve()
            : new Resolver(new ObjectNode { }).ResolveAlone(document));
    }
}
