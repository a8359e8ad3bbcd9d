//! What the node says to people, in three languages.

/// A language of the display and the shell.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
    Spanish,
}

impl Language {
    pub(crate) const ALL: [Self; 3] = [Self::English, Self::German, Self::Spanish];

    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Spanish => "es",
        }
    }
}

macro_rules! texts {
    ($($(#[$attribute:meta])* $name:ident: $english:literal, $german:literal, $spanish:literal;)*) => {
        /// A text of the catalogue.
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Text { $($(#[$attribute])* $name,)* }

        static CATALOGUE: &[[&str; 3]] = &[$($(#[$attribute])* [$english, $german, $spanish],)*];
    };
}

texts! {
    Temperature: "Temperature", "Temperatur", "Temperatura";
    Humidity: "Humidity", "Luftfeuchte", "Humedad";
    Pressure: "Air pressure", "Luftdruck", "Presion del aire";
    Light: "Illuminance", "Beleuchtung", "Iluminacion";
    Supply: "Supply voltage", "Versorgung", "Alimentacion";
    Plate: "Heater plate", "Heizplatte", "Placa calefactora";
    DewPoint: "Dew point", "Taupunkt", "Punto de rocio";
    Vibration: "Vibration", "Schwingung", "Vibracion";
    LevelUnknown: "not measured yet", "noch nicht gemessen", "aun sin medir";
    LevelLow: "below its limit", "unter dem Grenzwert", "por debajo del limite";
    LevelNormal: "normal", "normal", "normal";
    LevelHigh: "above its limit", "ueber dem Grenzwert", "por encima del limite";
    HeaterOff: "Heater off", "Heizung aus", "Calefactor apagado";
    HeaterWarmUp: "Warming up", "Aufheizen", "Calentando";
    HeaterHolding: "Holding temperature", "Temperatur halten", "Manteniendo temperatura";
    HeaterCoolDown: "Cooling down", "Abkuehlen", "Enfriando";
    #[cfg(not(feature = "release-1-1"))]
    HeaterLocked: "Heater locked", "Heizung gesperrt", "Calefactor bloqueado";
    #[cfg(feature = "release-1-1")]
    HeaterLocked: "Heater locked, see 'faults'", "Heizung gesperrt, siehe 'faults'", "Calefactor bloqueado, vea 'faults'";
    Welcome: "Sensor node ready", "Sensorknoten bereit", "Nodo sensor listo";
    #[cfg(not(feature = "release-1-1"))]
    TypeHelp: "Type 'help' for the commands.", "'help' zeigt die Befehle.", "Escriba 'help' para ver los comandos.";
    #[cfg(feature = "release-1-1")]
    TypeHelp: "Type 'help' for the commands, 'help NAME' for one of them.", "'help' zeigt die Befehle, 'help NAME' einen davon.", "Escriba 'help' para ver los comandos o 'help NOMBRE' para uno.";
    UnknownCommand: "No such command", "Unbekannter Befehl", "Comando desconocido";
    MissingArgument: "An argument is missing", "Ein Argument fehlt", "Falta un argumento";
    BadArgument: "This argument is not understood", "Dieses Argument ist unverstaendlich", "No se entiende el argumento";
    OutOfRange: "This value is out of range", "Dieser Wert liegt ausserhalb des Bereichs", "El valor esta fuera de rango";
    Saved: "Settings saved", "Einstellungen gespeichert", "Ajustes guardados";
    Loaded: "Settings loaded", "Einstellungen geladen", "Ajustes cargados";
    SettingsDamaged: "Settings damaged, defaults in use", "Einstellungen beschaedigt, Vorgaben aktiv", "Ajustes danados, se usan los valores iniciales";
    LogEmpty: "The event log is empty", "Das Ereignisprotokoll ist leer", "El registro de eventos esta vacio";
    LogCleared: "Event log cleared", "Ereignisprotokoll geloescht", "Registro de eventos borrado";
    NoFaults: "No faults", "Keine Stoerungen", "Sin averias";
    FaultCause: "cause", "Ursache", "causa";
    FaultRemedy: "remedy", "Abhilfe", "remedio";
    RuleStored: "Rule stored", "Regel gespeichert", "Regla guardada";
    RuleRefused: "Rule refused", "Regel abgelehnt", "Regla rechazada";
    BearingWorn: "Bearing wear in band", "Lagerverschleiss im Band", "Desgaste del rodamiento en la banda";
    BearingGood: "Bearings good", "Lager in Ordnung", "Rodamientos en buen estado";
    Uptime: "Running since", "In Betrieb seit", "En marcha desde";
    ClockUnset: "The clock has not been set", "Die Uhr ist nicht gestellt", "El reloj no esta ajustado";
    Restarting: "Restarting", "Neustart", "Reiniciando";
    ServiceNeeded: "Service needed", "Wartung erforderlich", "Mantenimiento necesario";
    BatteryLow: "Supply is low", "Versorgung zu niedrig", "Alimentacion baja";
    #[cfg(feature = "release-1-1")]
    FilterSet: "Median filter set", "Medianfilter eingestellt", "Filtro de mediana ajustado";
    #[cfg(feature = "release-1-1")]
    TrendRising: "rising", "steigend", "subiendo";
    #[cfg(feature = "release-1-1")]
    TrendFalling: "falling", "fallend", "bajando";
    #[cfg(feature = "release-1-1")]
    TrendSteady: "steady", "gleichbleibend", "estable";
    #[cfg(feature = "release-1-1")]
    TrendShort: "not enough records yet", "noch zu wenige Aufzeichnungen", "aun faltan registros";
}

impl Text {
    pub(crate) fn in_language(self, language: Language) -> &'static str {
        CATALOGUE[self as usize][language as usize]
    }
}
