using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Host.ApiServer;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Orchestrator.Host.Shell;

/// <summary>The YAML of manifests and of <c>-o yaml</c>.</summary>
internal static class ShellYaml
{
    /// <summary>The documents of a file; JSON is YAML. A List stands for its items.</summary>
    /// <exception cref="ShellException">The text is not YAML, or a document is no object.</exception>
    public static IEnumerable<JsonObject> Documents(string text)
    {
        foreach (var document in Split(text))
        {
            var (json, fault) = YamlReader.ToJson(Encoding.UTF8.GetBytes(document));
            if (json is null) throw new ShellException($"the file is not valid YAML: {fault}");
            switch (JsonNode.Parse(json))
            {
                case null: break;
                case JsonObject list when (string?)list["kind"] == "List" && list["items"] is JsonArray items:
                    foreach (var item in items) yield return item!.DeepClone().AsObject();
                    break;
                case JsonObject one: yield return one; break;
                default: throw new ShellException("a document of the file is no object");
            }
        }
    }

    public static string Render(JsonNode node) => Encoding.UTF8.GetString(YamlWriter.FromJson(Encoding.UTF8.GetBytes(node.ToJsonString())));

    private static List<string> Split(string text)
    {
        var documents = new List<string>();
        var parser = new Parser(new Scanner(new StringReader(text)));
        long start = -1;
        while (parser.MoveNext())
        {
            if (parser.Current is DocumentStart begin) start = begin.Start.Index;
            else if (parser.Current is DocumentEnd end) documents.Add(text[(int)start..(int)end.End.Index].TrimEnd().TrimEnd('.'));
        }
        return documents;
    }
}
