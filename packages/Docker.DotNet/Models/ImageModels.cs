using System.Text.Json.Serialization;

namespace Docker.DotNet.Models;

public class ImagesListParameters
{
    public bool? All { get; set; }
    public IDictionary<string, IDictionary<string, bool>> Filters { get; set; }
}

public class ImagesListResponse
{
    [JsonConverter(typeof(UnixTimeConverter))] public DateTime Created { get; set; }
    [JsonPropertyName("Id")] public string ID { get; set; }
    public IDictionary<string, string> Labels { get; set; }
    public IList<string> RepoDigests { get; set; }
    public IList<string> RepoTags { get; set; }
    public long Size { get; set; }
}

public class ImageInspectResponse
{
    [JsonPropertyName("Id")] public string ID { get; set; }
    public IList<string> RepoTags { get; set; }
    public IList<string> RepoDigests { get; set; }
    public long Size { get; set; }
    public Config Config { get; set; }
}

public class ImagesCreateParameters
{
    public string FromImage { get; set; }
    public string FromSrc { get; set; }
    public string Repo { get; set; }
    public string Tag { get; set; }
    public string Message { get; set; }
    public IList<string> Changes { get; set; }
    public string Platform { get; set; }
}

public class ImageDeleteParameters
{
    public bool? Force { get; set; }
    public bool? NoPrune { get; set; }
}

public class AuthConfig
{
    [JsonPropertyName("username")] public string Username { get; set; }
    [JsonPropertyName("password")] public string Password { get; set; }
    [JsonPropertyName("serveraddress")] public string ServerAddress { get; set; }
    [JsonPropertyName("identitytoken")] public string IdentityToken { get; set; }
}

public class JSONMessage
{
    [JsonPropertyName("stream")] public string Stream { get; set; }
    [JsonPropertyName("status")] public string Status { get; set; }
    [JsonPropertyName("progress")] public string ProgressMessage { get; set; }
    [JsonPropertyName("id")] public string ID { get; set; }
    [JsonPropertyName("errorDetail")] public JSONError Error { get; set; }
    [JsonPropertyName("error")] public string ErrorMessage { get; set; }
}

public class JSONError
{
    [JsonPropertyName("code")] public long Code { get; set; }
    [JsonPropertyName("message")] public string Message { get; set; }
}
