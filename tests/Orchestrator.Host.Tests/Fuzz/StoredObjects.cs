using System.Net;
using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.Tests.Fuzz;

/// <summary>Whatever was let in can be read, and written back as it is.</summary>
internal static class StoredObjects
{
    public static async Task<List<string>> FindGarbageAsync(HttpClient http, SchemaCatalog catalog)
    {
        var garbage = new List<string>();
        // A server that listens on loopback tells so, which nobody else may.
        static bool IsOwn(JsonNode? o) => o is { } && (string?)o["metadata"]!["name"] == "kubernetes" && (string?)o["metadata"]!["namespace"] == "default";
        // Events are told by two groups with rules of their own, and one that came in by the one may not pass the other's.
        foreach (var schema in catalog.Resources.Where(static r => r.Verbs.Contains("list") && r.Verbs.Contains("update") && r.Plural != "events"))
        {
            var root = schema.Group.Length == 0 ? $"/api/{schema.Version}" : $"/apis/{schema.Group}/{schema.Version}";
            using var answer = await http.GetAsync(new Uri($"{root}/{schema.Plural}", UriKind.Relative));
            foreach (var item in JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["items"]!.AsArray().Where(static o => !IsOwn(o)))
            {
                var meta = item!["metadata"]!;
                var name = Uri.EscapeDataString((string)meta["name"]!);
                var path = schema.Namespaced ? $"{root}/namespaces/{meta["namespace"]}/{schema.Plural}/{name}" : $"{root}/{schema.Plural}/{name}";
                if (meta["uid"] is null || meta["creationTimestamp"] is null) garbage.Add($"{path} lacks what the system sets");
                item["apiVersion"] = schema.ApiVersion;
                item["kind"] = schema.Kind;
                using var content = new StringContent(item.ToJsonString(), Encoding.UTF8, "application/json");
                using var put = await http.PutAsync(new Uri(path + "?dryRun=All&fieldValidation=Strict", UriKind.Relative), content);
                // An object may have been created in a state that only its deletion leaves; controllers may have changed it meanwhile.
                if (put.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.NotFound or HttpStatusCode.Conflict) && meta["deletionTimestamp"] is null) garbage.Add($"{path}: {await put.Content.ReadAsStringAsync()}");
            }
        }
        return garbage;
    }
}
