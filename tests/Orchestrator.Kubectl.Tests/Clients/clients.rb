# Drives the API as programs written with kubeclient do.
require "kubeclient"

ns = ARGV[0]
config = Kubeclient::Config.read(ENV.fetch("KUBECONFIG"))
context = config.context
connect = ->(path, version) { Kubeclient::Client.new(context.api_endpoint + path, version, ssl_options: context.ssl_options, auth_options: context.auth_options) }
core = connect.call("", "v1")

start = core.get_config_maps(namespace: ns).resourceVersion
seen = []
watcher = Thread.new do
  core.watch_config_maps(namespace: ns, label_selector: "watched=yes", resource_version: start) do |notice|
    seen << [notice.type, notice.object.metadata.name]
    break if notice.type == "DELETED"
  end
end
core.create_config_map(Kubeclient::Resource.new(metadata: { name: "ruby", namespace: ns, labels: { watched: "yes" } }, data: { a: "1" }))
core.patch_config_map("ruby", { data: { a: "2" } }, ns)
map = core.get_config_map("ruby", ns)
raise "the patch is not there" unless map.data.a == "2"
map.data.a = "3"
core.update_config_map(map)
core.delete_config_map("ruby", ns)
raise "no end of the watch" unless watcher.join(60)
raise seen.inspect unless seen == [%w[ADDED ruby], %w[MODIFIED ruby], %w[MODIFIED ruby], %w[DELETED ruby]]

begin
  core.get_config_map("ruby", ns)
  raise "it is still there"
rescue Kubeclient::ResourceNotFoundError => e
  raise e.message unless e.message.include?('configmaps "ruby" not found')
end
raise "no deployments" unless connect.call("/apis/apps", "v1").get_deployments(namespace: ns).resourceVersion.to_i.positive?
puts "all well"
