using Akka.Configuration;

namespace Milvus.Actors.Serialization;

/// <summary>The bindings of our serializers, for the configuration of an actor system.</summary>
public static class SerializationConfig
{
    private const string Resource = "Milvus.Actors.Serialization.serialization.conf";

    public static Config Load()
    {
        using var stream = typeof(SerializationConfig).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the resource {Resource} is not in the assembly");
        using var reader = new StreamReader(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}
